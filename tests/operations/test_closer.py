"""What only some phases need: asked for in its phase, of the pod it is about, and what an answer changes."""

from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest

from aiops.clients.kube import Kube
from aiops.errors import AiopsError, Forbidden, LoginFailed, NoAnswer, NotFound, Refused, Unreachable
from aiops.judge.phases.phase import Stand
from aiops.operations import closer
from aiops.operations.closer import Closer
from aiops.operations.models import live_model
from aiops.operations.waiting import Answer, Questions
from aiops.session import Session
from aiops.snapshot import Served
from tests.operations.api import Api
from tests.operations.cluster import KEY, MODEL, SERVED, Cluster
from tests.serving.server import Server

POD = f"{MODEL}-a"
CONFIGMAPS = "/api/v1/namespaces/kube-system/configmaps"


class Asked(Questions):
    """Keeps what is asked, by topic."""

    def __init__(self) -> None:
        super().__init__(SimpleQueue())
        self.reads: dict[str, Callable[[], Any]] = {}

    def ask(self, topic: str, read: Callable[[], object], *, every_s: float) -> None:
        assert every_s > 0
        self.reads[topic] = read


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def near(session: Session, cluster: Cluster, asked: Asked) -> Closer:
    cluster.deploy(replicas=1)
    return Closer(session, live_model(session, MODEL).model, asked)


def stand(phase: Any, pod: str = POD, **more: Any) -> Stand:
    return Stand(phase=phase, pod=pod, **more)


@pytest.mark.parametrize(
    ("look", "topics"),
    [
        (stand("accepted", pod=""), []),
        (stand("capacity"), ["autoscaler"]),
        (stand("node", node="gpu-1"), []),
        (stand("gpu", node="gpu-1"), ["drivers"]),
        (stand("gpu"), []),
        (stand("image"), []),
        (stand("weights"), []),
        (stand("weights", wants_log=("stage", "vllm")), [f"log stage {POD}", f"log vllm {POD}"]),
        (stand("serving"), [f"served {POD}"]),
        (stand("serving", pod=""), []),
    ],
)
def test_each_phase_asks_what_it_needs(near: Closer, asked: Asked, look: Stand, topics: list[str]) -> None:
    near.ask(look)
    assert list(asked.reads) == topics


def test_of_another_pod_everything_is_asked_anew(near: Closer) -> None:
    near.ask(stand("serving"))
    for topic, value in (("autoscaler", {"a": 1}), ("drivers", ({"b": 2},)), (f"log vllm {POD}", "words")):
        near.take(Answer(topic, value=value))
    near.take(Answer(f"served {POD}", value=Served(200, (SERVED,))))
    assert (near.seen.logs, near.seen.served) == ({"vllm": "words"}, Served(200, (SERVED,)))
    near.ask(stand("serving"))
    assert near.seen.served is not None, "of the same pod it is kept"
    near.ask(stand("serving", pod="another"))
    assert (near.seen.logs, near.seen.served is None) == ({}, True)
    assert (near.seen.autoscaler, near.seen.operator_pods) == ({"a": 1}, ({"b": 2},))


def test_a_late_answer_about_another_pod_is_dropped(near: Closer) -> None:
    near.ask(stand("serving", pod="another"))
    near.take(Answer(f"served {POD}", value=Served(200, (SERVED,))))
    near.take(Answer(f"served {POD}", error=Forbidden("no")))
    near.take(Answer(f"log vllm {POD}", value="words"))
    assert (near.seen.served is None, near.seen.logs) == (True, {})


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (NoAnswer("port 41234: refused", kind="refused"), "no connection yet"),
        (NoAnswer("port 41235: reset", kind="broken"), "no connection yet"),
        (NoAnswer("after 3.2 s", kind="late"), "no answer in time"),
        (Unreachable("kubernetes: 503"), "kubernetes: 503"),
        (NotFound("no such pod"), "no such pod"),
    ],
)
def test_a_server_that_is_not_there_yet_is_waited_for(near: Closer, error: AiopsError, problem: str) -> None:
    """In words that stay the same while nothing changes."""
    near.ask(stand("serving"))
    near.take(Answer(f"served {POD}", error=error))
    assert near.seen.served == Served(0, problem=problem)


@pytest.mark.parametrize("error", [Forbidden("no"), LoginFailed("no"), Refused("its key cannot be sent")])
def test_what_keeps_it_from_being_asked_ends_the_wait(near: Closer, error: AiopsError) -> None:
    near.ask(stand("serving"))
    with pytest.raises(type(error)):
        near.take(Answer(f"served {POD}", error=error))


def test_what_only_adds_may_fail(near: Closer) -> None:
    near.ask(stand("weights"))
    for topic in ("autoscaler", "drivers", f"log vllm {POD}"):
        near.take(Answer(topic, error=Forbidden("no")))
    assert (near.seen.autoscaler, near.seen.operator_pods) == (None, ())


def test_logs_are_known_once_they_were_asked_for(near: Closer) -> None:
    look = stand("weights", wants_log=("stage", "vllm"))
    near.ask(look)
    near.take(Answer(f"log stage {POD}", value="words"))
    assert not near.knows_logs(look)
    near.take(Answer(f"log vllm {POD}", error=Forbidden("no")))
    assert near.knows_logs(look), "what cannot be read adds nothing more"
    near.take(Answer(f"log stage {POD}", error=NotFound("no")))
    assert near.seen.logs["stage"] == "words", "what was known stays"
    assert near.knows_logs(stand("weights"))


def test_its_own_server_is_asked_with_its_key(near: Closer, asked: Asked, server: Server) -> None:
    near.ask(stand("serving"))
    assert asked.reads[f"served {POD}"]() == Served(200, (SERVED,))
    assert [(seen.path, seen.key) for seen in server.seen] == [("/v1/models", KEY)]


@pytest.mark.parametrize(
    ("status", "found"),
    [
        ("autoscalerStatus: Running\nnodeGroups: []\n", {"autoscalerStatus": "Running", "nodeGroups": []}),
        ("Cluster-wide:\n  Health:      Healthy (ready=3)\n               LastProbeTime: 2026\n", None),
        ("Running", None),
        ("", None),
    ],
)
def test_the_autoscalers_report(near: Closer, asked: Asked, api: Api, status: str, found: Any) -> None:
    """As data since 1.30; before it was prose."""
    api.put(CONFIGMAPS, {"metadata": {"name": "cluster-autoscaler-status"}, "data": {"status": status}})
    near.ask(stand("capacity"))
    assert asked.reads["autoscaler"]() == found


def test_the_drivers_of_its_node(near: Closer, asked: Asked, api: Api, cluster: Cluster) -> None:
    for name in ("nvidia-driver-x", "dcgm-exporter", "web"):
        cluster.pod(name, "rs", {}, {"containers": []}, node="gpu-1")
    near.ask(stand("gpu", node="gpu-1"))
    found = [pod["metadata"]["name"] for pod in asked.reads["drivers"]()]
    assert sorted(found) == ["dcgm-exporter", "nvidia-driver-x"]


@pytest.mark.parametrize("before", [True, False])
def test_a_log_is_of_the_run_that_ended_last(
    near: Closer, asked: Asked, kube: Kube, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    def log(namespace: str, pod: str, container: str, *, lines: int, previous: bool) -> str:
        assert (namespace, pod, container, lines) == ("serving", POD, "vllm", closer.LOG_LINES)
        if previous and not before:
            raise NotFound("previous terminated container not found")
        return f"previous {previous}"

    monkeypatch.setattr(kube, "log", log)
    near.ask(stand("weights", wants_log=("vllm",)))
    assert asked.reads[f"log vllm {POD}"]() == f"previous {before}"

"""What costs money, as the session keeps it: a workload on its node, then the node alone, then nothing."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aiops.operations import paying
from aiops.operations.paying import gpu_nodes
from aiops.progress.events import Paid
from aiops.session import Session
from aiops.snapshot import Json
from tests.checks.cases import healthy
from tests.operations.api import Api

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
WHAT, STOP = "Deployment serving/llama", "aiops vllm-down llama"


@pytest.fixture(autouse=True)
def now(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(session.kube), "now", lambda _: NOW)


def node(name: str = "gpu-1", gpu: str = "nvidia-l4", created: str = "2026-01-31T11:30:00Z") -> dict[str, Any]:
    labels = {"cloud.google.com/gke-accelerator": gpu} if gpu else {}
    return {"metadata": {"name": name, "labels": labels, "creationTimestamp": created}}


ON_NODE = Paid(what=WHAT, node="gpu-1", gpu="nvidia-l4", age_s=1800, per_hour=0.85, cost=0.425, stop=STOP)


def test_a_workload_on_its_node(session: Session) -> None:
    assert paying.keep(session, WHAT, node(), STOP) == ON_NODE
    assert session.paying == {WHAT: ON_NODE}


def test_a_workload_whose_node_is_not_there_yet(session: Session) -> None:
    paying.keep(session, WHAT, None, STOP)
    assert session.paying == {WHAT: Paid(what=WHAT, stop=STOP)}
    paying.keep(session, WHAT, node(), STOP)
    assert session.paying == {WHAT: ON_NODE}


def test_without_a_price_there_is_no_cost(session: Session) -> None:
    paid = paying.keep(session, WHAT, node(gpu="nvidia-h100"), STOP)
    assert (paid.age_s, paid.per_hour, paid.cost) == (1800, None, None)


def test_once_it_runs_no_more_its_node_is_left_to_pay(session: Session) -> None:
    paying.keep(session, WHAT, node(), STOP)
    paying.stopped(session, WHAT)
    assert [(key, paid.what, paid.stop, paid.cost) for key, paid in session.paying.items()] == [
        ("gpu-1", "", "", 0.425)
    ]


def test_without_a_node_nothing_is_left_to_pay(session: Session) -> None:
    paying.keep(session, WHAT, None, STOP)
    paying.stopped(session, WHAT)
    paying.stopped(session, "Deployment serving/another")
    assert session.paying == {}


def test_what_remains_are_the_gpu_nodes_with_who_uses_them(session: Session) -> None:
    paying.keep(session, WHAT, node(), STOP)
    nodes = [node("cpu", gpu=""), node("young", created="2026-01-31T11:59:00Z"), node("old")]
    paying.remaining(session, nodes, {"old": "Pod a/job", "cpu": "Pod a/web"})
    assert [(paid.node, paid.what) for paid in session.paying.values()] == [("old", "Pod a/job"), ("young", "")]
    paying.remaining(session, [], {})
    assert session.paying == {}


@pytest.mark.parametrize(
    ("paid", "words"),
    [
        (Paid(what=WHAT), "no node yet"),
        (ON_NODE, "node gpu-1 (nvidia-l4) up for 30m00s, 0.42 so far"),
        (Paid(what=WHAT, node="gpu-1", age_s=42), "node gpu-1 up for 42s"),
    ],
)
def test_in_words(paid: Paid, words: str) -> None:
    assert paying.words(paid) == words


def test_a_broken_config_knows_no_prices(session: Session, work: Any, api: Api) -> None:
    assert session.kube
    del session.config
    (work / "config.yaml").write_text("repoURL: [\n")
    assert paying.keep(session, WHAT, node(), STOP).per_hour is None


def test_the_nodes_of_a_look_are_told_with_what_runs_there_and_what_stops_it() -> None:
    def pod(name: str, node: str, owner: str, labels: dict[str, str]) -> Json:
        meta = {"name": name, "namespace": "serving", "uid": name, "labels": labels}
        controller = {"kind": owner, "name": "x", "controller": True}
        spec = {"nodeName": node, "containers": [{"resources": {"limits": {"nvidia.com/gpu": "1"}}}]}
        return {"metadata": {**meta, "ownerReferences": [controller]}, "spec": spec, "status": {"phase": "Running"}}

    of_qwen = {"app.kubernetes.io/name": "vllm-qwen"}
    look = replace(
        healthy(),
        reads={
            **healthy().reads,
            "nodes": [{**node(f"gpu-{number}"), "status": {}} for number in (1, 2, 3)],
            "pods": [pod("a", "gpu-1", "ReplicaSet", of_qwen), pod("b", "gpu-2", "Job", {})],
        },
    )
    assert [(paid.node, paid.what, paid.stop) for paid in gpu_nodes(look)] == [
        ("gpu-1", "Deployment serving/vllm-qwen", "aiops vllm-down vllm-qwen"),
        ("gpu-2", "Pod serving/b", "aiops vllm-down --all"),
        ("gpu-3", "", ""),
    ]

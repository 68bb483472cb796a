"""Phase 7: does its own server list it? Statuses and texts of vLLM (reference gateway)."""

from dataclasses import replace

import pytest

from aiops.judge.model import SecretKey
from aiops.judge.phases.phase import Stand
from aiops.snapshot import Served
from tests.judge.models import DONE, MODEL, judged, placed, running, short

READY = placed(running(ready=True), ready=True, init=(DONE,))


def asked(served: Served | None) -> Stand:
    return judged(READY, served=served)


def test_it_serves() -> None:
    stand = asked(Served(200, ("other", "chat-7b")))
    assert stand.done
    assert short(stand) == ("serving", "", "serves chat-7b")
    assert (stand.pod, stand.node) == ("chat-1-a", "gpu-1")
    assert str(stand.evidence[0]) == "its server: serves other, chat-7b"


def test_ready_alone_is_never_done() -> None:
    """`/health` is disputed (gateway-api-inference-extension#550)."""
    stand = asked(None)
    assert not stand.done
    assert short(stand) == ("serving", "", "its pod is Ready; its server has not been asked yet")


@pytest.mark.parametrize("status", [0, 408, 425, 429, 500, 502, 503, 504])
def test_a_server_that_does_not_answer_yet(status: int) -> None:
    stand = asked(Served(status, problem="connection refused"))
    assert short(stand) == ("serving", "", "its pod is Ready; its server does not answer: connection refused")
    assert not stand.done


def test_another_name() -> None:
    stand = asked(Served(200, ("a", "b")))
    assert short(stand) == ("serving", "model.name-mismatch", "it serves a, b, not chat-7b")
    assert "aiops.models.chat.name" in stand.fix
    assert not stand.done


def test_a_name_that_the_deployment_does_not_tell() -> None:
    stand = judged(READY, model=replace(MODEL, served=""), served=Served(200, ("a",)))
    assert (stand.done, short(stand)[2]) == (True, "serves a")


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused(status: int) -> None:
    """Its pod started before the Secret changed (VS2)."""
    stand = asked(Served(status, problem="Unauthorized"))
    detail = "its server refuses the key of Secret key: its pod started with another one"
    assert short(stand) == ("serving", "model.unauthorized", detail)
    assert stand.fix == "kubectl -n models rollout restart deployment chat"


def test_a_key_that_nobody_knows() -> None:
    stand = judged(READY, model=replace(MODEL, key=None), served=Served(401))
    assert short(stand)[1:] == ("model.unauthorized", "its server demands a key, and the Deployment does not say which")
    assert "aiops.models.chat.secret" in stand.fix


@pytest.mark.parametrize(
    "served",
    [
        Served(404, problem="it answers 404"),
        Served(302, problem="it answers 302"),
        Served(405),
        Served(200, problem="it answers with an HTML page"),
        Served(200, problem="its list of models is empty"),
        Served(200),
    ],
)
def test_something_else_answers(served: Served) -> None:
    stand = asked(served)
    assert (stand.phase, stand.id) == ("serving", "model.wrong-server")
    assert "port 8000" in stand.detail
    assert served.problem in stand.detail


def test_no_key_is_ever_shown() -> None:
    key = SecretKey("key", "api-key")
    assert judged(READY, model=replace(MODEL, key=key), served=Served(401)).detail.count("api-key") == 0


def test_a_pod_that_is_not_ready_is_not_asked() -> None:
    body = placed(running(), init=(DONE,))
    assert judged(body, served=Served(200, ("chat-7b",))).phase == "weights"


def test_a_ready_pod_has_passed_all_before() -> None:
    """A restart, or a probe that failed, is history once it is Ready."""
    once = running(ready=True, restartCount=5, lastState={"terminated": {"exitCode": 137, "reason": "OOMKilled"}})
    stand = judged(placed(once, ready=True, init=(DONE,)), served=Served(200, ("chat-7b",)))
    assert stand.done
    assert stand.wants_log == ()

"""No answer, and an answer without a key."""

from typing import Literal

import pytest

from aiops.judge.answers.reply import Asked
from aiops.judge.answers.silence import judge_keyless, judge_no_pod, judge_silence
from tests.judge.answers import CHAT, LITELLM, LOGIN, NO_KEY, NOT_FOUND, UNAUTHORIZED, VLLM, Answer, answer, error


@pytest.mark.parametrize(
    ("asked", "reply", "status", "slug"),
    [
        (VLLM, answer(401, UNAUTHORIZED), "ok", "closed"),
        (LITELLM, answer(401, NO_KEY), "ok", "closed"),
        (LITELLM, answer(403, error("Forbidden")), "ok", "closed"),
        (VLLM, answer(200, CHAT), "fail", "open"),
        (LITELLM, answer(200, CHAT), "fail", "open"),
        (VLLM, answer(200, LOGIN, content_type="text/html"), "fail", "html"),
        (VLLM, answer(401, LOGIN, content_type="text/html"), "fail", "html"),
        (VLLM, answer(302), "fail", "redirected"),
        (VLLM, answer(404, NOT_FOUND), "fail", "not-found"),
        (VLLM, answer(503), "fail", "unavailable"),
        (LITELLM, answer(401, error("litellm.AuthenticationError: x", "authentication_error")), "fail", "backend-key"),
        (LITELLM, answer(403, error("litellm.PermissionDeniedError: x")), "fail", "forbidden"),
    ],
)
def test_without_a_key(asked: Asked, reply: Answer, status: str, slug: str) -> None:
    finding = judge_keyless(asked, reply)
    assert (finding.status, finding.id) == (status, f"smoke.{slug}")


def test_a_closed_door_says_how_it_was_refused() -> None:
    assert judge_keyless(VLLM, answer(401, UNAUTHORIZED)).symptom == f"{VLLM.who} refuses a request without a key (401)"
    assert judge_keyless(VLLM, answer(200, CHAT)).symptom == f"{VLLM.who} answers without a key (200)"


def test_an_open_door_is_closed_by_the_one_who_keeps_it() -> None:
    assert "VLLM_API_KEY" in judge_keyless(VLLM, answer(200, CHAT)).fix
    assert "master_key" in judge_keyless(LITELLM, answer(200, CHAT)).fix


SILENT = {
    "refused": "refuses the connection",
    "late": "did not answer in time",
    "broken": "ended the connection before it answered",
}


@pytest.mark.parametrize(("kind", "slug"), [("refused", "refused"), ("late", "timeout"), ("broken", "broken")])
def test_silence(kind: Literal["refused", "late", "broken"], slug: str) -> None:
    finding = judge_silence(VLLM, kind, "Connection\nrefused: Bearer 0badcafe")
    assert (finding.status, finding.id) == ("fail", f"smoke.{slug}")
    assert finding.symptom == f"{VLLM.who} {SILENT[kind]}: Connection refused: Bearer ***"
    assert finding.fix == "kubectl logs deployment/vllm-qwen -n serving --tail=50"


def test_a_model_that_is_off_is_for_the_operator_to_wake() -> None:
    finding = judge_no_pod(VLLM, 0, "")
    assert (finding.status, finding.id) == ("fail", "smoke.no-pod")
    assert finding.symptom == "Deployment serving/vllm-qwen is switched off"
    assert finding.cause == "its replicas are 0"
    assert finding.fix == "aiops vllm-up vllm-qwen"
    assert finding.hope == "no"
    assert judge_no_pod(VLLM, 0, "bring-up lowered it").cause == "bring-up lowered it"


def test_no_ready_pod_has_its_cause() -> None:
    assert "switched off" not in judge_no_pod(VLLM, 1, "").symptom
    finding = judge_no_pod(VLLM, 2, "no node takes it: 0/3 nodes are available")
    assert finding.id == "smoke.no-pod"
    assert finding.symptom.endswith("has no ready pod of 2: no node takes it: 0/3 nodes are available")
    assert "vllm-up" not in finding.fix


def test_a_gateway_is_no_model_to_switch_on() -> None:
    assert "vllm-up" not in judge_no_pod(LITELLM, 0, "").fix

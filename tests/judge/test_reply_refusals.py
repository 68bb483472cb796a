"""Refusals: each by what it says, and the like of another meaning beside it."""

import pytest

from aiops.judge.answers.refusal import judge_refusal
from aiops.judge.answers.reply import Asked
from tests.judge.answers import (
    BUDGET,
    LITELLM,
    LOGIN,
    NO_DATABASE,
    NO_KEY,
    NO_MODEL,
    NOT_FOUND,
    UNAUTHORIZED,
    UNKNOWN_KEY,
    VLLM,
    Answer,
    answer,
    error,
)

TOOLS = '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
REQUIRED = 'tool_choice="required" requires --tool-call-parser to be set'
GROUP = "Received Model Group=qwen\nAvailable Model Group Fallbacks=None"
GROUPS = "\n\nLiteLLM: model group 'qwen' failed with the error above. No fallback was attempted."
"""How LiteLLM 1.106.2 ends the message of a backend."""
NO_MODEL_BEHIND = "litellm.NotFoundError: NotFoundError: OpenAIException - The model `q` does not exist."
BACKEND = f"litellm.AuthenticationError: AuthenticationError: OpenAIException - Unauthorized. {GROUP}"
DENIED = "key not allowed to access model. This key can only access models=['other']. Tried to access qwen"
COOLING = "No deployments available for selected model, Try again in 5 seconds. Passed model=qwen"

DIRECT = {
    "the key": (answer(401, UNAUTHORIZED), "unauthorized"),
    "forbidden": (answer(403, '{"detail":"Forbidden"}'), "forbidden"),
    "another model": (answer(404, NO_MODEL), "model-unknown"),
    "another path": (answer(404, NOT_FOUND), "not-found"),
    "another method": (answer(405, '{"detail":"Method Not Allowed"}'), "not-found"),
    "no parser, auto": (answer(400, error(TOOLS, "BadRequestError", 400)), "no-tool-parser"),
    "no parser, required": (answer(400, error(REQUIRED, "BadRequestError", 400)), "no-tool-parser"),
    "too long": (answer(400, error("max_tokens is too large", "BadRequestError", 400)), "bad-request"),
    "invalid": (answer(422, '{"detail":[{"msg":"Field required"}]}'), "bad-request"),
    "late": (answer(408), "timeout"),
    "late, says a proxy": (answer(504, "<html>", content_type="text/html"), "timeout"),
    "too much": (answer(429), "throttled"),
    "engine": (answer(500, error("EngineCore encountered an issue", "InternalServerError", 500)), "server-error"),
    "page of an error": (answer(500, "<html>", content_type="text/html"), "server-error"),
    "a runner": (answer(500, error("model runner was not found", code=500)), "server-error"),
    "proxy": (answer(502, "<html>", content_type="text/html"), "server-error"),
    "no endpoints": (answer(503, "no healthy upstream"), "unavailable"),
    "login": (answer(302), "redirected"),
    "login page": (answer(403, LOGIN, content_type="text/html"), "html"),
    "page without a type": (answer(200, LOGIN, content_type=""), "html"),
    "no JSON": (answer(200, "OK", content_type="text/plain"), "not-an-answer"),
    "error at 200": (answer(200, error("boom")), "not-an-answer"),
    "no content": (answer(204), "not-an-answer"),
}
GATEWAY = {
    "deleted key": (answer(401, UNKNOWN_KEY), "unauthorized"),
    "no key": (answer(401, NO_KEY), "unauthorized"),
    "expired": (answer(401, error("Authentication Error - Expired Key.", "expired_key", "401")), "unauthorized"),
    "expired, older": (answer(400, error("Authentication Error - Expired Key.", "expired_key")), "unauthorized"),
    "the backend's key": (answer(401, error(BACKEND, "authentication_error", "401")), "backend-key"),
    "no database": (answer(400, NO_DATABASE), "no-database"),
    "no database to mint in": (answer(500, error("DB not connected. This endpoint needs a database")), "no-database"),
    "budget": (answer(422, BUDGET), "budget"),
    "budget, 429": (answer(429, BUDGET), "budget"),
    "budget, older": (answer(400, BUDGET), "budget"),
    "throttled": (answer(429, error("Rate limit exceeded", "throttling_error", "429")), "throttled"),
    "cooling down": (answer(429, error(COOLING, "throttling_error", "429")), "unavailable"),
    "model not for the key": (answer(403, error(DENIED, "key_model_access_denied", "403")), "forbidden"),
    "the same, older": (answer(401, error(DENIED, "key_model_access_denied", "401")), "forbidden"),
    "the same of a team": (answer(401, error("x", "team_model_access_denied", "401")), "forbidden"),
    "no alias": (
        answer(400, error("Invalid model name passed in model=nope", "invalid_request_error")),
        "model-unknown",
    ),
    "no model behind": (
        answer(404, error(f"litellm.NotFoundError: OpenAIException - The model `q` does not exist. {GROUP}")),
        "model-unknown",
    ),
    "no route behind": (
        answer(404, error(f"litellm.NotFoundError: OpenAIException - 404 page not found. {GROUP}")),
        "not-found",
    ),
    "missing": (answer(400, error("Missing required parameter: 'messages'")), "bad-request"),
    "no parser behind": (
        answer(400, error(f"litellm.BadRequestError: OpenAIException - {REQUIRED}. {GROUP}")),
        "no-tool-parser",
    ),
    "nobody behind": (
        answer(500, error("Cannot connect to host REDACTED:9", "internal_server_error", "500")),
        "backend-down",
    ),
    "nobody behind, by the SDK": (
        answer(500, error("litellm.InternalServerError: OpenAIException - Connection error.", code="500")),
        "backend-down",
    ),
    "no endpoints behind": (
        answer(503, error(f"litellm.ServiceUnavailableError: OpenAIException - no healthy upstream. {GROUP}")),
        "unavailable",
    ),
    "late behind": (answer(408, error(f"litellm.Timeout: APITimeoutError. {GROUP}")), "timeout"),
    "the backend's key, 1.106.2": (
        answer(
            401,
            error(
                "litellm.AuthenticationError: AuthenticationError: OpenAIException - Error code: 401 - "
                f"{{'error': 'Unauthorized'}}{GROUPS}",
                "authentication_error",
                "401",
            ),
        ),
        "backend-key",
    ),
    "no model behind, 1.106.2": (
        answer(404, error(f"{NO_MODEL_BEHIND} Valid aliases: qwen2.5-0.5b.{GROUPS}", "invalid_request_error", "404")),
        "model-unknown",
    ),
    "no route behind, 1.106.2": (
        answer(
            404,
            error(
                f"litellm.NotFoundError: NotFoundError: OpenAIException - Error code: 404 - {{'detail': 'Not Found'}}"
                f"{GROUPS}",
                "invalid_request_error",
                "404",
            ),
        ),
        "not-found",
    ),
    "no parser behind, 1.106.2": (
        answer(400, error(f"litellm.BadRequestError: OpenAIException - {REQUIRED}{GROUPS}", "BadRequestError", "400")),
        "no-tool-parser",
    ),
    "nobody behind, 1.106.2": (
        answer(
            500,
            error(
                f"litellm.InternalServerError: InternalServerError: OpenAIException - Connection error.{GROUPS}",
                "internal_server_error",
                "500",
            ),
        ),
        "backend-down",
    ),
    "cooling down, 1.106.2": (
        answer(
            429,
            error(
                "No deployments available for selected model, Try again in 5 seconds. All deployments for selected "
                "model are in cooldown. Passed model=qwen. pre-call-checks=False, cooldown_list=['ec95']",
                "all_deployments_in_cooldown",
                "429",
            ),
            retry_after="5",
        ),
        "unavailable",
    ),
    "model not for the key, 1.106.2": (
        answer(
            403,
            error(
                "The requested model 'qwen' is not available for this API key, or the model name is invalid. Check the "
                "models available to you and try again.",
                "key_model_access_denied",
                "403",
            ),
        ),
        "forbidden",
    ),
    "no database to delete in": (
        answer(500, error("Not connected to DB!", "internal_server_error", "500")),
        "no-database",
    ),
    "its own error": (answer(500, error("boom", "internal_server_error", "500")), "server-error"),
}
CASES = [(VLLM, *case) for case in DIRECT.values()] + [(LITELLM, *case) for case in GATEWAY.values()]


@pytest.mark.parametrize(("asked", "reply", "slug"), CASES, ids=[*DIRECT, *GATEWAY])
def test_each_has_its_name_and_its_fix(asked: Asked, reply: Answer, slug: str) -> None:
    finding = judge_refusal(asked, reply)
    assert (finding.id, finding.status, finding.about) == (f"smoke.{slug}", "fail", asked.who)
    assert finding.symptom.startswith(f"{asked.who} ")
    assert f"({reply.status})" in finding.symptom
    assert finding.cause
    assert finding.fix
    assert not {"{", "}"} & set(finding.cause + finding.fix)


@pytest.mark.parametrize(
    ("kind", "slug"),
    [
        ("budget_exceeded", "budget"),
        ("no_db_connection", "no-database"),
        ("token_not_found_in_db", "unauthorized"),
        ("expired_key", "unauthorized"),
        ("key_model_access_denied", "forbidden"),
        ("throttling_error", "throttled"),
        ("invalid_request_error", "bad-request"),
    ],
)
def test_the_type_alone_decides(kind: str, slug: str) -> None:
    assert judge_refusal(LITELLM, answer(400, error("words of another version", kind))).id == f"smoke.{slug}"


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("No deployments available for selected model", "unavailable"),
        ("No healthy deployment available", "unavailable"),
        ("Cannot connect to host x", "backend-down"),
        ("OpenAIException - Connection error.", "backend-down"),
        ("Invalid model name passed in", "model-unknown"),
        ("The model `q` does not exist", "model-unknown"),
        ("No connected db.", "no-database"),
        ("DB not connected.", "no-database"),
        ("Not connected to DB!", "no-database"),
        ("litellm.AuthenticationError: x", "backend-key"),
    ],
)
def test_the_words_alone_decide(words: str, slug: str) -> None:
    assert judge_refusal(LITELLM, answer(400, error(words))).id == f"smoke.{slug}"


@pytest.mark.parametrize("slug", ["backend-key", "backend-down", "unavailable"])
def test_words_of_litellm_mean_nothing_in_another_mouth(slug: str) -> None:
    bodies = {"backend-key": BACKEND, "backend-down": "Cannot connect to host", "unavailable": COOLING}
    assert judge_refusal(VLLM, answer(400, error(bodies[slug]))).id == "smoke.bad-request"


def test_the_symptom_quotes_the_server_and_the_evidence_has_it_all() -> None:
    finding = judge_refusal(VLLM, answer(400, error("x" * 200, code=400)))
    assert finding.symptom == f"Deployment serving/vllm-qwen does not accept the request (400): {'x' * 157}..."
    assert [str(each) for each in finding.evidence] == [f"answer 400: {'x' * 200}"]


def test_no_words_no_evidence() -> None:
    finding = judge_refusal(VLLM, answer(503))
    assert finding.symptom == "Deployment serving/vllm-qwen has nobody to answer for qwen (503)"
    assert finding.evidence == ()


def test_a_pod_that_started_with_another_key_is_restarted() -> None:
    finding = judge_refusal(VLLM, answer(401, UNAUTHORIZED))
    assert finding.symptom == "Deployment serving/vllm-qwen refuses the key (401): Unauthorized"
    assert finding.fix == "kubectl rollout restart deployment/vllm-qwen -n serving"
    assert finding.hope == "no"


def test_whose_key_was_refused() -> None:
    ours = judge_refusal(LITELLM, answer(401, UNKNOWN_KEY))
    theirs = judge_refusal(LITELLM, answer(401, error(BACKEND, "authentication_error", "401")))
    assert ours.cause == "LiteLLM does not accept this key (token_not_found_in_db)"
    assert "the caller's key is good" in theirs.cause


def test_whose_refusal_it_is() -> None:
    words = error("litellm.PermissionDeniedError: x", None, "403")
    assert "refuses LiteLLM" in judge_refusal(LITELLM, answer(403, words)).cause
    assert "something in front" in judge_refusal(VLLM, answer(403, words)).cause
    assert "this key may not use qwen" in judge_refusal(LITELLM, answer(403, error("no"))).cause


def test_where_the_deployment_is_not_known_the_fix_is_a_sentence() -> None:
    assert judge_refusal(LITELLM, answer(500)).fix == "Read the log of LiteLLM."
    isvc = Asked(who="InferenceService kserve/qwen", model="qwen", gateway=False)
    assert judge_refusal(isvc, answer(401, UNAUTHORIZED)).fix == "restart InferenceService kserve/qwen"


def test_the_names_that_are_served_are_said() -> None:
    finding = judge_refusal(VLLM, answer(404, NO_MODEL))
    assert finding.cause == "it serves tiny-qwen2"
    assert "aiops.models.vllm-qwen.name" in finding.fix


@pytest.mark.parametrize(
    ("retry_after", "when"),
    [("7", "in 7 s."), ("", "in a minute."), ("Wed, 21 Oct 2026 07:28:00 GMT", "after Wed, 21 Oct 2026 07:28:00 GMT.")],
)
def test_when_to_try_again(retry_after: str, when: str) -> None:
    finding = judge_refusal(LITELLM, answer(429, error("x", "throttling_error"), retry_after=retry_after))
    assert finding.fix == f"Try again {when}"


def test_who_refuses_the_model_decides_what_is_to_be_mended() -> None:
    alias = judge_refusal(LITELLM, answer(400, error("Invalid model name passed in model=qwen")))
    words = f"litellm.NotFoundError: OpenAIException - The model `q` does not exist. {GROUP}"
    behind = judge_refusal(LITELLM, answer(404, error(words)))
    assert "to LiteLLM's model_list" in alias.fix
    assert "litellm_params.model" in behind.fix


@pytest.mark.parametrize("end", ["", f" {GROUP}", GROUPS])
def test_the_names_that_the_backend_serves_are_said(end: str) -> None:
    words = f"{NO_MODEL_BEHIND} Valid aliases: qwen2.5-0.5b, q-2.{end}"
    finding = judge_refusal(LITELLM, answer(404, error(words, "invalid_request_error", "404")))
    assert finding.cause == "the backend does not know the model that LiteLLM's qwen names; it serves qwen2.5-0.5b, q-2"

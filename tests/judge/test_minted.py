"""The answers of LiteLLM's management, and that no key is in what is said of them."""

import json

import pytest

from aiops.judge.answers.minted import judge_deleted, judge_listed, judge_minted, minted_key
from tests.judge.answers import LITELLM, LOGIN, NO_KEY, UNKNOWN_KEY, Answer, answer, error

KEY = "sk-8k2ZcanaryQ9h3LA"
MINTED = json.dumps({"key": KEY, "max_budget": 0.05, "spend": 0.0, "models": ["qwen"], "duration": None})
DELETED = json.dumps({"deleted_keys": [KEY]})
NO_DATABASE = error("DB not connected. This endpoint needs a database; see the docs", "internal_server_error", "500")

REFUSED = {
    "no key": (answer(401, NO_KEY), "unauthorized"),
    "a key that it does not know": (answer(401, UNKNOWN_KEY), "unauthorized"),
    "no database": (answer(500, NO_DATABASE), "no-database"),
    "no such path": (answer(404, '{"detail":"Not Found"}'), "not-found"),
    "its own error": (answer(500, error("boom", "internal_server_error", "500")), "server-error"),
    "a login page": (answer(200, LOGIN, content_type="text/html"), "html"),
    "a page without a type": (answer(200, LOGIN, content_type=""), "html"),
    "another place": (answer(302), "redirected"),
    "no JSON": (answer(200, "OK", content_type="text/plain"), "not-an-answer"),
    "a list": (answer(200, "[]"), "not-an-answer"),
    "nothing": (answer(200), "not-an-answer"),
    "another success": (answer(202, json.dumps({"key": KEY, "deleted_keys": [KEY], "data": []})), "not-an-answer"),
}


@pytest.mark.parametrize(("reply", "slug"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_told_as_what_it_is(reply: Answer, slug: str) -> None:
    for finding in (judge_listed(LITELLM, reply, 3), judge_listed(LITELLM, reply, 0), judge_minted(LITELLM, reply)):
        assert (finding.status, finding.id, finding.about) == ("fail", f"smoke.{slug}", "LiteLLM")
        assert finding.cause
        assert finding.fix


@pytest.mark.parametrize(("count", "words"), [(1, "1 alias configured"), (2, "2 aliases configured")])
def test_its_aliases(count: int, words: str) -> None:
    finding = judge_listed(LITELLM, answer(200, '{"data": []}'), count)
    assert (finding.status, finding.id, finding.symptom) == ("ok", "smoke.listed", f"LiteLLM {words}")


def test_no_alias() -> None:
    finding = judge_listed(LITELLM, answer(200, '{"data": []}'), 0)
    assert (finding.status, finding.id, finding.symptom) == ("fail", "smoke.no-alias", "LiteLLM lists no model")
    assert "wildcards" in finding.cause
    assert "model_list" in finding.fix


def test_a_minted_key() -> None:
    finding = judge_minted(LITELLM, answer(200, MINTED))
    assert (finding.status, finding.id) == ("ok", "smoke.minted")
    assert KEY not in str(finding)
    assert minted_key(answer(200, MINTED)) == KEY


@pytest.mark.parametrize(
    "body", ["{}", '{"key": null}', '{"key": ""}', '{"key": 7}', f'{{"token": "{KEY}"}}'],
    ids=["no key", "null", "empty", "a number", "another name"],
)  # fmt: skip
def test_a_minted_key_that_it_does_not_give(body: str) -> None:
    finding = judge_minted(LITELLM, answer(200, body))
    assert (finding.status, finding.id) == ("fail", "smoke.no-key")
    assert finding.cause
    assert finding.fix
    assert KEY not in str(finding)
    assert minted_key(answer(200, body)) == ""


@pytest.mark.parametrize("reply", [answer(401, MINTED), answer(200, "[]"), answer(200, LOGIN), answer(500)])
def test_only_a_success_has_a_key(reply: Answer) -> None:
    assert minted_key(reply) == ""


def test_the_key_is_gone() -> None:
    finding = judge_deleted(LITELLM, answer(200, DELETED))
    assert (finding.status, finding.id) == ("ok", "smoke.deleted")
    assert KEY not in str(finding)


LEFT = {
    **{name: reply for name, (reply, _) in REFUSED.items()},
    "nothing deleted": answer(200, '{"deleted_keys": []}'),
    "deleted, with an error": answer(500, DELETED),
}


@pytest.mark.parametrize("reply", LEFT.values(), ids=LEFT)
def test_a_key_that_is_left_is_a_warning_and_ends_by_itself(reply: Answer) -> None:
    finding = judge_deleted(LITELLM, reply)
    assert (finding.status, finding.id, finding.about) == ("warn", "smoke.key-left", "LiteLLM")
    assert finding.symptom.startswith("the run's key was not deleted: LiteLLM ")
    assert f"({reply.status})" in finding.symptom
    assert "ends by itself" in finding.cause
    assert finding.fix
    assert KEY not in str(finding)


def test_a_key_that_is_left_keeps_the_servers_words() -> None:
    finding = judge_deleted(LITELLM, answer(500, NO_DATABASE))
    assert [each.source for each in finding.evidence] == ["answer 500"]
    assert "DB not connected" in finding.evidence[0].text

"""A look as a file: it comes back as it was, and what is none is told from one."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aiops.snapshot import Unread
from aiops.snapshot.look import VERSION, Look, NotRead, dumps, loads
from tests.checks.cases import healthy

REFUSED = Unread(what="nodes", why="cannot list nodes (403)", fix="ask", refused="list nodes")
WRONG = Unread(what="plan", why="there is no branch `mian`", definite=True)
LOOK = Look(
    run="20261124T191614-b947",
    command="doctor --save 'a b.json'",
    context="context lab (127.0.0.1:6443)",
    namespace="argocd",
    profile="full",
    taken="2026-11-24T19:16:14+00:00",
    here="2026-11-24T20:16:15+01:00",
    seconds=0.333,
    reads={"pods": [{"a": None, "b": [1, 2.5, True, "ü\n"]}], "autoscaler": None, "usage": {}, "argocd-version": ""},
    unread={"nodes": REFUSED, "plan": WRONG},
)


def file(**changes: Any) -> str:
    return json.dumps({**json.loads(dumps(LOOK)), **changes})


@pytest.mark.parametrize("look", [LOOK, healthy(), replace(LOOK, reads={}, unread={})], ids=["small", "real", "empty"])
def test_a_look_comes_back_as_it_was(look: Look) -> None:
    text = dumps(look)
    assert loads(text) == look
    assert dumps(loads(text)) == text
    assert text.endswith("}\n")


def test_what_was_not_read_comes_back_with_its_why_and_its_cure() -> None:
    assert loads(dumps(LOOK)).unread == {"nodes": REFUSED, "plan": WRONG}


def test_the_format_has_a_number() -> None:
    assert json.loads(dumps(LOOK))["aiopsLook"] == VERSION == 1


def without(field: str) -> str:
    body = json.loads(dumps(LOOK))
    del body[field]
    return json.dumps(body)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON"),
        ("hello", "it is not JSON"),
        (dumps(LOOK)[:-20], "it is not JSON"),
        ("[]", "it was not written by `aiops doctor --save`"),
        ("null", "it was not written by `aiops doctor --save`"),
        ('"aiopsLook"', "it was not written by `aiops doctor --save`"),
        ('{"kind": "List", "items": []}', "it was not written by `aiops doctor --save`"),
        (file(aiopsLook=VERSION + 1), f"it has format {VERSION + 1}, and this aiops reads format {VERSION}"),
        (file(aiopsLook=None), f"it has format None, and this aiops reads format {VERSION}"),
        (file(unread=[]), "it is damaged: "),
        (file(unread={"nodes": {"what": "nodes"}}), "it is damaged: "),
        (file(unread={"nodes": {"what": "n", "why": "w", "more": 1}}), "it is damaged: "),
        (file(unread={"nodes": "no"}), "it is damaged: "),
        (file(taken="yesterday"), "it is damaged: "),
        (file(taken=None), "it is damaged: "),
        (file(here="yesterday"), "it is damaged: "),
        (file(taken="2026-11-24T19:16:14"), "it is damaged: "),
        (file(reads=[]), "it is damaged: "),
        (file(reads=None), "it is damaged: "),
        (file(more=1), "it is damaged: "),
        *((without(field), "it is damaged: ") for field in ("run", "taken", "unread", "reads", "namespace")),
    ],
)
def test_what_is_no_look_is_told_in_a_sentence(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=r"^it ") as caught:
        loads(text)
    assert str(caught.value).startswith(why)
    assert "\n" not in str(caught.value)


def test_when_it_was_taken_is_a_time() -> None:
    assert LOOK.at == datetime(2026, 11, 24, 19, 16, 14, tzinfo=UTC)


def test_a_read_gives_what_it_answered() -> None:
    assert LOOK.value("autoscaler") is None
    assert LOOK.value("usage") == {}
    assert LOOK.items("pods") == (LOOK.reads["pods"][0],)


@pytest.mark.parametrize("ask", [Look.value, Look.items])
def test_a_read_that_failed_says_why(ask: Any) -> None:
    with pytest.raises(NotRead, match=r"^cannot list nodes \(403\)$") as caught:
        ask(LOOK, "nodes")
    assert caught.value.unread == REFUSED


def test_a_read_that_was_never_made_is_a_bug() -> None:
    with pytest.raises(KeyError, match="services"):
        LOOK.value("services")


def test_what_failed_counts_even_where_an_answer_is_there_too() -> None:
    both = replace(LOOK, reads={"nodes": []})
    with pytest.raises(NotRead):
        both.value("nodes")


def test_the_names_are_those_of_all_that_was_tried() -> None:
    assert LOOK.names == {"pods", "autoscaler", "usage", "argocd-version", "nodes", "plan"}


def test_a_narrower_look_has_those_reads_and_all_else() -> None:
    narrow = LOOK.narrowed(["pods", "nodes", "services"])
    assert narrow.names == {"pods", "nodes"}
    assert narrow.unread == {"nodes": REFUSED}
    assert replace(narrow, reads=LOOK.reads, unread=LOOK.unread) == LOOK
    assert LOOK.narrowed([]).names == frozenset()

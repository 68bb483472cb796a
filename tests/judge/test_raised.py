"""Who switched a model on: the annotation there and back, whatever others write into it; and who set the replicas."""

import json
from typing import Any

import pytest

from aiops.judge.raised import Raised, raised_of, still_raised, when_scaled, who_scaled
from aiops.snapshot import Json, moment
from tests.judge.models import deployment
from tests.judge.saved import changed

RAISED = "aiops.dev/raised-by"
BY_BRING_UP = Raised(run="r-1", command="bring-up", user="ann@host", at="2026-11-23T04:28:35Z")
FIELDS = json.loads(BY_BRING_UP.annotation())


def annotated(text: str) -> Json:
    return changed(deployment(), "metadata.annotations", {"other": "x", RAISED: text})


def test_there_and_back() -> None:
    assert raised_of(annotated(BY_BRING_UP.annotation())) == BY_BRING_UP


def test_in_words() -> None:
    assert str(BY_BRING_UP) == "bring-up of ann@host at 2026-11-23T04:28:35Z (run r-1)"


@pytest.mark.parametrize(("command", "taken"), [("bring-up", True), ("vllm-up", False), ("bring-up-x", False)])
def test_only_a_bring_up_takes_over_what_a_bring_up_raised(command: str, taken: bool) -> None:
    raised = raised_of(annotated(json.dumps({**FIELDS, "command": command})))
    assert raised is not None
    assert raised.by_bring_up is taken


def test_what_a_later_version_adds_does_not_hurt() -> None:
    assert raised_of(annotated(json.dumps({**FIELDS, "model": "chat"}))) == BY_BRING_UP


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        '{"run": "r-1"',
        "null",
        "[]",
        '"text"',
        "7",
        "[" * 100_000,
        json.dumps({name: text for name, text in FIELDS.items() if name != "user"}),
        json.dumps({**FIELDS, "run": None}),
        json.dumps({**FIELDS, "user": ["ann"]}),
        json.dumps({**FIELDS, "at": 1795360049}),
        json.dumps({**FIELDS, "at": ""}),
        json.dumps({**FIELDS, "at": "yesterday"}),
        json.dumps({**FIELDS, "at": "2026-11-23T04:28:35"}),
    ],
    ids=["empty", "words", "cut off", "null", "list", "text", "number", "too deep", "a field less", "null within",
         "list within", "a number as time", "no time", "words as time", "time without a zone"],
)  # fmt: skip
def test_what_aiops_does_not_write_names_nobody(text: str) -> None:
    assert raised_of(annotated(text)) is None


@pytest.mark.parametrize("notes", [None, {}, {"other": "x"}])
def test_without_the_annotation_nobody_raised_it(notes: Json | None) -> None:
    body = deployment()
    body["metadata"]["annotations"] = notes
    assert raised_of(body) is None


def owner(manager: str, at: str, owned: Any = "f:replicas", **more: Any) -> Json:
    return {"manager": manager, "time": at, "fieldsV1": {"f:spec": {owned: {}}}, **more}


@pytest.mark.parametrize(
    ("entries", "who"),
    [
        ([owner("kubectl", "2026-11-23T04:28:00Z")], "kubectl"),
        ([owner("keda", "2026-11-23T04:29:00Z"), owner("kubectl", "2026-11-23T04:28:00Z")], "keda"),
        ([owner("kubectl", "2026-11-23T04:28:00Z"), owner("keda", "2026-11-23T04:29:00Z")], "keda"),
        ([owner("kubectl", "2026-11-23T04:28:00Z"), owner("argocd", "2026-11-23T04:29:00Z", "f:template")], "kubectl"),
        ([owner("scaler", "2026-11-23T04:28:00Z", subresource="scale")], "scaler"),
        ([{**owner("old", ""), "time": None}, owner("new", "2026-11-23T04:28:00Z")], "new"),
        ([{"manager": "x", "fieldsV1": {"f:status": {"f:replicas": {}}}}, {"manager": "y"}], ""),
        ([{"fieldsV1": {"f:spec": {"f:replicas": {}}}}], ""),
        ([], ""),
        (None, ""),
    ],
    ids=["one", "the last", "the last, whatever their order", "of other fields", "by the scale subresource", "no time",
         "of no spec", "no name", "none", "not read"],
)  # fmt: skip
def test_who_set_the_replicas(entries: list[Json] | None, who: str) -> None:
    body = deployment()
    body["metadata"]["managedFields"] = entries
    assert who_scaled(body) == who


@pytest.mark.parametrize("time", ["2026-11-23T04:28:35Z", ""])
def test_when_the_replicas_were_set(time: str) -> None:
    body = deployment()
    body["metadata"]["managedFields"] = [owner("kubectl", time)]
    assert when_scaled(body) == moment(time)


def test_nobody_knows_when() -> None:
    assert when_scaled(deployment()) is None


@pytest.mark.parametrize(
    ("scaler", "still"),
    [("", True), ("aiops", True), ("argocd-controller", True), ("kube-controller-manager", True), ("kubectl", False)],
)
def test_who_scaled_it_by_hand_since_has_it(scaler: str, still: bool) -> None:
    body = annotated(BY_BRING_UP.annotation())
    body["metadata"]["managedFields"] = [owner(scaler, "2026-11-23T04:28:00Z")] if scaler else []
    assert still_raised(body) == (BY_BRING_UP if still else None)

"""What git asks for, as a look keeps it; and what the judgements make of a look."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aiops.judge.expectation import Expected
from aiops.judge.plan import Plan, applications_of, details_data, details_of, judged, known_kinds, plan_of, tracked
from aiops.snapshot import Details, Json, Ref, Unread
from aiops.snapshot.look import Look, NotRead
from tests.checks.cases import healthy

HEAD = "c858e37fe99b86ddf4bf3e28d63b66f933252f10"
GROUP = Expected(
    name="group-core", layer="platform", group="core", automatic=True, made_by="ApplicationSet layer-platform",
    path="catalog/core", heads={0: ("main", HEAD), 2: ("v1", "0" * 40)}, kind="group",
)  # fmt: skip
APP = Expected(
    name="keda", layer="platform", group="core", automatic=False, made_by="application group-core", may_be_empty=True
)
PLAN = Plan(
    layers=("platform", "serving"),
    repository="https://git.example.com/acme/platform.git",
    branch="main",
    commit=HEAD,
    committed="2026-11-24T19:14:47+00:00",
    sets={"platform": "layer-platform", "serving": "layer-serving"},
    projects=("platform",),
    expected=(GROUP, APP),
)
POD: Json = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}}
SILENT = Unread(what="pods", why="no answer in 20 s")


def look(unread: Mapping[str, Unread] | None = None, **reads: Any) -> Look:
    given = {name: value for name, value in {**healthy().reads, **reads}.items() if name not in (unread or {})}
    return replace(healthy(), reads=given, unread=unread or {})


def test_a_plan_comes_back_from_json_as_it_was() -> None:
    data = json.loads(json.dumps(PLAN.data()))
    assert plan_of(look(plan=data)) == PLAN


def test_a_plan_says_when_its_commit_was_made() -> None:
    assert PLAN.committed_at == datetime(2026, 11, 24, 19, 14, 47, tzinfo=UTC)
    assert replace(PLAN, committed="").committed_at is None


def test_the_groups_of_a_layer_are_its_groups() -> None:
    assert PLAN.groups_of("platform") == (GROUP,)
    assert PLAN.groups_of("serving") == ()


def test_without_git_there_is_no_plan() -> None:
    for ask in (plan_of, judged):
        with pytest.raises(NotRead, match="no answer"):
            ask(look({"plan": SILENT}))


def test_what_applications_deploy_is_tracked_by_its_namespace_and_name() -> None:
    seen = healthy()
    found = tracked(seen, plan_of(seen), "ExternalSecret")
    assert found == {
        ("dex", "dex-secrets"): "dex",
        ("litellm", "litellm-secrets"): "litellm",
        ("serving", "vllm-api-key"): "serving-secrets",
    }
    assert tracked(seen, plan_of(seen), "ClusterSecretStore") == {("", "secret-store"): "external-secrets-config"}


def test_what_others_deploy_is_not_tracked() -> None:
    seen = healthy()
    plan = plan_of(seen)
    few = replace(plan, expected=tuple(each for each in plan.expected if each.name != "dex"))
    assert ("dex", "dex-secrets") not in tracked(seen, few, "ExternalSecret")
    assert tracked(look(applications=[]), plan, "ExternalSecret") == {}


def test_an_application_without_a_status_tracks_nothing() -> None:
    bare = [{**body, "status": {}} for body in healthy().reads["applications"]]
    assert tracked(look(applications=bare), plan_of(healthy()), "ExternalSecret") == {}


def test_applications_and_kinds_by_what_they_are_called() -> None:
    assert applications_of(healthy())["keda"]["metadata"]["name"] == "keda"
    assert ("keda.sh", "ScaledObject") in known_kinds(healthy())
    assert ("", "Pod") in known_kinds(healthy())


def test_details_hold_what_was_read_for_them_and_the_lists_that_explain() -> None:
    thing = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "metadata": {"name": "s", "namespace": "n"}}
    event = {"reason": "Failed", "metadata": {"name": "e"}}
    data = details_data(Details(unread=(SILENT,)), [thing], [event])
    found = details_of(look(details=json.loads(json.dumps(data)), pods=[POD]))
    assert found.objects[Ref("keda.sh", "ScaledObject", "n", "s")] == thing
    assert found.objects[Ref("", "Pod", "n", "p")] == POD
    assert {ref.kind for ref in found.objects} == {"ScaledObject", "Pod", "Deployment", "Node", "Service"}
    assert found.events == (event,)
    assert found.unread == (SILENT,)


def test_a_list_that_was_not_read_is_named_and_costs_no_more_than_itself() -> None:
    found = details_of(look({"pods": SILENT}))
    assert found.unread == (SILENT,)
    assert {ref.kind for ref in found.objects} >= {"Deployment", "Node", "Service"}


def test_the_judgement_is_that_of_wait_without_asking_anybody() -> None:
    found = {each.expected.name: each.verdict.state for each in judged(healthy())}
    assert list(found) == [each.name for each in plan_of(healthy()).expected]
    assert {name for name, state in found.items() if state != "settled"} == {
        "vllm-qwen", "coder-fim", "echo", "kserve-demo",
    }  # fmt: skip
    assert found["echo"] == "manual"


def suspended(*unread: Unread) -> Look:
    apps = json.loads(json.dumps(healthy().reads["applications"]))
    for body in apps:
        if body["metadata"]["name"] == "keda":
            body["status"]["health"] = {"status": "Suspended", "lastTransitionTime": "2026-11-24T18:00:00Z"}
    return look({each.what: each for each in unread}, applications=apps)


def test_what_may_not_be_seen_may_be_what_is_paused() -> None:
    """Without it nobody may call a suspended application hopeless."""
    states = {
        number: next(each.verdict.state for each in judged(seen) if each.expected.name == "keda")
        for number, seen in enumerate((suspended(), suspended(SILENT)))
    }
    assert states == {0: "hopeless", 1: "waiting"}


def test_which_layer_brings_a_kind_is_what_was_looked_up() -> None:
    kinds = [each for each in healthy().reads["kinds"] if each[1] != "HTTPRoute"]
    apps = json.loads(json.dumps(healthy().reads["applications"]))
    for body in apps:
        if body["metadata"]["name"] == "dex":
            body["status"]["sync"]["status"] = "OutOfSync"
            body["status"]["operationState"]["phase"] = "Failed"
    for within, beyond, state in (
        (None, "routing", "deferred"),
        ("routing", None, "hopeless"),
        (None, None, "hopeless"),
    ):
        brings = [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "within": within, "beyond": beyond}]
        seen = look(kinds=kinds, applications=apps, brings=brings)
        (dex,) = (each for each in judged(seen) if each.expected.name == "dex")
        assert dex.verdict.state == state

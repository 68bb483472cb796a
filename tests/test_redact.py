"""What a look keeps of an object: nothing that may be a secret, and everything that a judgement needs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from aiops.checks import ALL
from aiops.checks.check import Check
from aiops.checks.engine import judge_look
from aiops.checks.linting import DECLARED
from aiops.collect.cluster import DISCOVERED, LISTS, OF_ARGOCD
from aiops.judge.alive import controller_stalled, set_controller_stalled
from aiops.judge.application import judge_application
from aiops.judge.attachment import guards
from aiops.judge.bill import bill_of
from aiops.judge.comparison import spec_compared
from aiops.judge.expectation import Expected
from aiops.judge.fields import owner_of
from aiops.judge.operation import operation_of
from aiops.judge.pod import judge_pod
from aiops.judge.raised import Raised, still_raised, when_scaled, who_scaled
from aiops.judge.reason import reason_of
from aiops.judge.stoppable import running_models
from aiops.snapshot import Json
from aiops.snapshot.kept import IDENTITY, KINDS
from aiops.snapshot.kept.shapes import ANNOTATIONS, HASHED, REST, WHOLE
from aiops.snapshot.redact import redacted
from tests.checks.cases import cases, healthy, look_of
from tests.judge.models import NOW, ago
from tests.snapshot.objects import OBJECTS, OPERATION, UNKNOWN, whole
from tests.snapshot.pods import CANARY, WORKLOAD

SALT = "salt"
RAISED = Raised(run="20261124T191614-b947", command="vllm-up", user="ann", at="2026-11-24T19:16:14+00:00")


def test_every_kind_has_an_object_here() -> None:
    assert OBJECTS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", [*OBJECTS, *UNKNOWN])
def test_no_secret_survives(kind: str) -> None:
    body = whole(kind, {**OBJECTS, **UNKNOWN}[kind])
    assert CANARY in json.dumps(body)
    assert CANARY not in json.dumps(redacted(body, SALT))


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_field_that_nobody_knows_is_left_out(kind: str) -> None:
    """Also where a newer API adds one, beside each field that is kept and inside of it unless that is kept whole."""
    kept = redacted(with_more(whole(kind, OBJECTS[kind])), SALT)
    assert list(strangers(kept, {**IDENTITY, **KINDS[kind]})) == []


def with_more(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{name: with_more(each) for name, each in value.items()}, "newField": CANARY}
    return [with_more(each) for each in value] if isinstance(value, list) else value


def strangers(value: Any, shape: Any, *way: str) -> Iterator[tuple[str, ...]]:
    """The objects of which only some fields are kept, and that have one more all the same."""
    if isinstance(value, list):
        for each in value:
            yield from strangers(each, shape, *way)
    elif isinstance(value, dict) and isinstance(shape, Mapping):
        if "newField" in value and REST not in shape:
            yield way
        for name, each in value.items():
            yield from strangers(each, shape.get(name), *way, name)


def paths(shape: Any, *way: str) -> Iterator[tuple[str, ...]]:
    """The ways to whatever is kept whole."""
    if shape == WHOLE:
        yield way
    elif isinstance(shape, Mapping):
        for name, each in shape.items():
            yield from paths(each, *way, name)


def test_nothing_is_kept_whole_that_may_hold_what_it_likes() -> None:
    """Specs, templates and data are opened field by field."""
    ways = [way for kind in KINDS for way in paths(KINDS[kind], kind)]
    assert not {way[-1] for way in ways} & {
        "spec", "data", "stringData", "env", "args", "command", "template", "annotations", "helm", "metadata",
        "traffic", "triggers", "rules", "listeners", "filters", "webhooks", "clientConfig", "predictor", "volumes",
        REST,
    }  # fmt: skip
    assert {way[:2] for way in ways if way[-1] == "status" and len(way) == 2} == {
        (kind, "status") for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
    }


def test_whatever_object_is_kept_whole_is_named_here() -> None:
    """None of these is free-form: labels, selectors, counters, conditions, addresses."""

    def objects(value: Any, shape: Any, name: str) -> Iterator[str]:
        if isinstance(value, list):
            for each in value:
                yield from objects(each, shape, name)
        elif isinstance(value, dict) and shape == WHOLE:
            yield name
        elif isinstance(value, dict) and isinstance(shape, Mapping):
            for field, each in value.items():
                yield from objects(each, shape.get(field), field)

    assert {name for kind in OBJECTS for name in objects(OBJECTS[kind], KINDS[kind], kind)} == {
        "automated", "capacity", "conditions", "destination", "health", "initiatedBy", "involvedObject", "labels",
        "loadBalancer", "namespaceSelector", "nodeSelector", "podSelector", "ports", "resources", "selector",
        "status", "strategy", "taints", "waiting",
    }  # fmt: skip


@pytest.mark.parametrize("password", ["hunter2", "a:b", "a/b", "a@b", "p%40ss", "x?y#z"])
def test_a_login_in_a_message_goes_and_the_rest_of_it_stays(password: str) -> None:
    event = {"message": f"cannot clone https://bot:{password}@git.example.com/x.git and ssh://git@h/y: denied"}
    kept = redacted(whole("Event", event), SALT)["message"]
    assert password not in kept
    assert "git.example.com/x.git and ssh://***@h/y: denied" in kept


def test_a_message_without_a_login_stays_as_it_is() -> None:
    for message in ("see https://argo-cd.readthedocs.io, or ask ops@example.com", "no such host", ""):
        assert redacted(whole("Event", {"message": message}), SALT)["message"] == message


@pytest.mark.parametrize(
    "message",
    [
        f"`helm template . --name-template x --set masterKey={CANARY} --include-crds` failed exit status 1: Error: no",
        f'`helm template . --set-string masterKey={CANARY} --set-json \'a={{"k":"{CANARY}"}}\'` failed exit status 1',
    ],
)
def test_what_helm_was_called_with_is_not_told(message: str) -> None:
    """Argo CD 3.5 puts the whole command into a ComparisonError, with the parameters of the Application."""
    body = whole(
        "Application", {"spec": {}, "status": {"conditions": [{"type": "ComparisonError", "message": message}]}}
    )
    assert CANARY not in json.dumps(redacted(body, SALT))


# --- hashes


def test_a_hash_tells_two_values_apart_and_the_same_as_the_same() -> None:
    one, same, other = (
        redacted(whole("Application", {"spec": {"source": {"helm": {"values": text}}}}), SALT)["spec"]["source"]["helm"]
        for text in ("a: 1", "a: 1", "a: 2")
    )
    assert one == same != other
    assert "a: 1" not in one


def test_the_order_of_fields_is_no_difference() -> None:
    one, other = (
        redacted(whole("Application", {"spec": {"source": {"helm": helm}}}), SALT)["spec"]["source"]
        for helm in ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    )
    assert one == other


def test_another_salt_gives_another_hash() -> None:
    """Otherwise whoever has two looks, or a list of likely passwords, could tell what was hashed."""
    body = whole("Application", {"spec": {"source": {"helm": {"values": "a: 1"}}}})
    one, other = (redacted(body, salt)["spec"]["source"]["helm"] for salt in ("a", "b"))
    assert one != other
    assert len(one) == len(other) == 16


def test_only_sources_are_hashed() -> None:
    def hashed(shape: Any, *way: str) -> Any:
        if shape == HASHED:
            yield way
        elif isinstance(shape, dict):
            for name, each in shape.items():
                yield from hashed(each, *way, name)

    found = {way[-2:] for kind in KINDS for way in hashed(KINDS[kind], kind)}
    assert found == {("source", REST), ("sources", REST)}


def test_of_a_health_check_is_kept_that_it_is_there() -> None:
    kept = redacted({"kind": "ConfigMap", "metadata": {}, **OBJECTS["ConfigMap"]}, SALT)["data"]
    checks = ("resource.customizations", "resource.customizations.health.argoproj.io_Application")
    assert kept == {"timeout.reconciliation": "180s", **dict.fromkeys(checks)}


def test_of_a_policy_is_kept_that_it_asks_for_a_login() -> None:
    for name in (
        "extAuth",
        "jwtAuthentication",
        "basicAuthentication",
        "apiKeyAuthentication",
        "oauth2",
        "authorization",
    ):
        traffic = OBJECTS["AgentgatewayPolicy"]["spec"]["traffic"]
        policy = whole("AgentgatewayPolicy", {"spec": {"traffic": {name: traffic[name]}}})
        assert same(guards, policy) is True, name


# --- what judgements need


def same(judge: Any, body: Json) -> Any:
    """What a judgement says of an object, which is what it says of what is kept of it."""
    before = judge(body)
    assert judge(redacted(body, SALT)) == before
    return before


@pytest.mark.parametrize("sources", ["source", "sources"])
def test_whether_a_spec_was_compared_survives(sources: str) -> None:
    for text, yes in (("a: 1", True), ("a: 2", False)):
        spec = {"repoURL": "https://h/x", "helm": {"values": "a: 1"}}
        done = {**spec, "helm": {"values": text}}
        wrap = [spec] if sources == "sources" else spec
        wrapped = [done] if sources == "sources" else done
        body = whole("Application", {"spec": {sources: wrap}, "status": {"sync": {"comparedTo": {sources: wrapped}}}})
        assert same(spec_compared, body) is yes


def test_a_changed_destination_or_ignored_difference_survives() -> None:
    for field, value in (("destination", {"namespace": "y"}), ("ignoreDifferences", [{"kind": "Deployment"}])):
        body = whole("Application", {"spec": {field: value}, "status": {"sync": {"comparedTo": {}}}})
        assert same(spec_compared, body) is False


def test_who_scaled_a_model_and_when_survives() -> None:
    managed = {"manager": "kubectl", "time": ago(30), "fieldsV1": {"f:spec": {"f:replicas": {}, "f:paused": {}}}}
    body = whole("Deployment", WORKLOAD, managed=[managed])
    assert same(who_scaled, body) == "kubectl"
    assert same(when_scaled, body) is not None
    assert same(lambda each: [str(model) for model in running_models([each], [])], body) == ["Deployment ns/x"]


def test_who_raised_a_model_survives() -> None:
    managed = {"manager": "aiops", "time": ago(30), "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    body = whole("Deployment", WORKLOAD, annotations={"aiops.dev/raised-by": RAISED.annotation()}, managed=[managed])
    assert same(still_raised, body) == RAISED


@pytest.mark.parametrize("name", ["argocd.argoproj.io/refresh", "argocd.argoproj.io/application-set-refresh"])
def test_when_a_refresh_was_asked_for_survives(name: str) -> None:
    managed = {"manager": "aiops", "time": ago(4000), "fieldsV1": {"f:metadata": {"f:annotations": {f"f:{name}": {}}}}}
    body = whole("Application", {"spec": {}}, annotations={name: "normal"}, managed=[managed])
    body["metadata"]["managedFields"] = [managed]
    kept = redacted(body, SALT)
    assert kept["metadata"]["annotations"] == {name: "normal"}
    assert kept["metadata"]["managedFields"] == [managed]


def test_when_an_operation_was_asked_for_survives() -> None:
    managed = {"manager": "argocd", "time": ago(4000), "fieldsV1": {"f:operation": {"f:sync": {"f:revision": {}}}}}
    body = whole("Application", {"spec": {}, "operation": OPERATION}, managed=[managed])
    assert same(lambda each: owner_of(each, "f:operation").get("time", ""), body) == ago(4000)
    assert same(operation_of, body).phase == "pending"
    found = same(lambda each: controller_stalled([each], 180, NOW), body)
    assert found is not None
    assert same(lambda each: set_controller_stalled([each], NOW), whole("ApplicationSet", {})) is None


def test_how_an_application_stands_survives() -> None:
    expected = Expected(name="x", layer="l", group="g", automatic=True, made_by="m", heads={0: ("main", "0123")})
    for name in ("Application",):
        body = whole(name, OBJECTS[name])
        found = same(lambda each: judge_application(each, expected, None).state, body)
        assert found == "waiting"


@pytest.mark.parametrize("kind", [kind for kind in OBJECTS if kind not in ("Application", "Event")])
def test_why_an_object_is_not_well_survives(kind: str) -> None:
    redacted_message = whole(kind, OBJECTS[kind])
    text = json.dumps(redacted_message).replace(f"bot:{CANARY}", "***")
    same(reason_of, json.loads(text))


@pytest.mark.parametrize("phase", ["Running", "Failed"])
def test_why_a_pod_is_not_well_survives_without_the_end_of_its_log(phase: str) -> None:
    pod = json.loads(json.dumps(whole("Pod", OBJECTS["Pod"])).replace(f"bot:{CANARY}", "***"))
    pod["status"]["phase"] = phase
    pod["status"].pop("initContainerStatuses")
    before, after = judge_pod(pod, ()), judge_pod(redacted(pod, SALT), ())
    assert before is not None
    assert after is not None
    assert (after.symptom, after.hope) == (before.symptom, before.hope)
    assert all(each.text for each in after.evidence), "evidence that says nothing"


def test_the_bill_of_a_node_survives() -> None:
    body = whole("Node", OBJECTS["Node"], labels={"cloud.google.com/gke-accelerator": "nvidia-l4"})
    assert same(lambda each: bill_of(each, NOW, {"nvidia-l4": 0.8}), body).gpu == "nvidia-l4"


def test_every_annotation_that_is_kept_is_kept() -> None:
    notes = dict.fromkeys(ANNOTATIONS, "true")
    kept = redacted(whole("Cluster", {}, annotations=notes), SALT)
    assert kept["metadata"]["annotations"] == notes


def test_managers_of_whom_nothing_is_left_are_left_out() -> None:
    kept = redacted(whole("Cluster", {}), SALT)["metadata"]["managedFields"]
    assert [entry["manager"] for entry in kept] == ["helm"]
    assert kept[0]["fieldsV1"]["f:spec"] == {"f:replicas": {}}


def test_an_object_with_nothing_in_it_is_no_trouble() -> None:
    assert redacted({}, SALT) == {"metadata": {}}
    bodies: list[Json] = [{"kind": "Pod"}, {"kind": "Pod", "spec": None, "status": None}, {"kind": None}]
    for body in bodies:
        assert redacted(body, SALT) == {"metadata": {}, **body}


def test_what_is_reduced_once_is_not_reduced_further() -> None:
    """What was saved and read again is the same; but for hashes, which are hashes of hashes then."""
    for name, value in healthy().reads.items():
        if name not in ("applications", "kinds") and isinstance(value, list):
            assert [redacted(body, SALT) for body in value if "metadata" in body] == [
                body for body in value if "metadata" in body
            ]


KIND_OF = {
    **{name: kind.kind for name, kind in {**LISTS, **OF_ARGOCD}.items()},
    **{name: kind for name, (_, kind) in DISCOVERED.items()},
    "argocd-settings": "ConfigMap",
    "autoscaler": "ConfigMap",
    "secrets": "Secret",
}
"""By read; a case need not say it."""


def reduced(name: str, value: Any) -> Any:
    """A read as if its objects had been whole, and reduced when the look was taken."""
    if isinstance(value, list):
        return [reduced(name, body) for body in value]
    return None if value is None else redacted({"kind": KIND_OF[name], **value}, SALT)


@pytest.mark.parametrize("check", ALL, ids=lambda check: check.slug)
def test_a_check_says_the_same_of_what_is_kept(check: Check) -> None:
    """What a case puts into a look can come into one that is taken."""
    for file in (file for slug, file in cases() if slug == check.slug):
        look = look_of(file).narrowed((*check.reads, DECLARED))
        kept = {name: reduced(name, value) for name, value in look.reads.items() if name in KIND_OF}
        reduced_look = replace(look, reads={**look.reads, **kept})
        assert judge_look(reduced_look, [check]) == judge_look(look, [check]), file


def test_the_object_itself_is_not_changed() -> None:
    body = whole("Pod", OBJECTS["Pod"])
    before = json.dumps(body)
    redacted(body, SALT)
    assert json.dumps(body) == before

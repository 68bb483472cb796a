"""What happens in a write, where a recording of single answers does not show it."""

import base64
from copy import deepcopy
from typing import Any

import pytest

from aiops.lab.api import kinds, patches, protobuf
from aiops.lab.api.apply import applied
from aiops.lab.api.decoding import decoded
from aiops.lab.api.defaults import with_defaults
from aiops.lab.api.fieldsets import difference, field_set, members, union
from aiops.lab.api.objects import Objects, Writer
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.store import Event, Store
from aiops.lab.clock import Clock

Json = dict[str, Any]
ME, OTHER = Writer(user="me", manager="me"), Writer(user="other", manager="other")
DEPLOYMENTS, APPLICATIONS = "deployments.apps", "applications.argoproj.io"
OLD = "2020-01-01T00:00:00Z"


@pytest.fixture
def objects() -> Objects:
    objects = Objects(kinds.load(), Store(), Clock(1e5))
    objects.create("namespaces", {"metadata": {"name": "x"}}, ME)
    return objects


def deployment(**spec: Any) -> Json:
    labels = {"app": "d"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": "example.test/c:1"}]}}
    spec = {"selector": {"matchLabels": labels}, "template": template, **spec}
    return {"metadata": {"name": "d", "namespace": "x"}, "spec": spec}


def application() -> Json:
    source = {"repoURL": "https://example.test/git", "path": "p"}
    spec = {"project": "p", "destination": {}, "source": source}
    return {"metadata": {"name": "a", "namespace": "x"}, "spec": spec}


def events(objects: Objects) -> list[Event]:
    seen: list[Event] = []
    objects.store.subscribers.append(seen.append)
    return seen


def owner(body: Json, *path: str) -> list[str]:
    """Who owns a field."""
    entries = body["metadata"]["managedFields"]
    return sorted(each["manager"] for each in entries if path in set(members(each["fieldsV1"])))


REPLICAS = "f:spec", "f:replicas"


def scaled(replicas: int) -> Any:
    return lambda now: {**now, "spec": {**now["spec"], "replicas": replicas}}


def test_a_write_that_changes_nothing_is_none(objects: Objects) -> None:
    before = objects.create(DEPLOYMENTS, deployment(), ME)
    seen = events(objects)
    for writer in (ME, OTHER):
        assert objects.edit(DEPLOYMENTS, "d", "x", lambda now: now, writer) is before
        assert objects.edit(DEPLOYMENTS, "d", "x", scaled(1), writer) is before
    assert objects.update(DEPLOYMENTS, deployment(), OTHER) is before
    assert seen == []


def test_what_is_given_out_stays_as_it_is(objects: Objects) -> None:
    before = objects.create(DEPLOYMENTS, deployment(), ME)
    copy = deepcopy(before)
    after = objects.edit(DEPLOYMENTS, "d", "x", scaled(3), OTHER)
    objects.set_status(DEPLOYMENTS, after, {"replicas": 3}, OTHER)
    applied(objects, objects.kinds[DEPLOYMENTS], "d", "x", deployment(replicas=4), ME, force=True)
    assert before == copy


def test_versions_share_what_is_the_same(objects: Objects) -> None:
    """Twenty thousand of them are remembered."""
    before = objects.create(APPLICATIONS, application(), ME)
    after = objects.edit(APPLICATIONS, "a", "x", lambda now: {**now, "status": {"health": {"status": "Healthy"}}}, ME)
    assert after["spec"] is before["spec"]


def test_who_wrote_a_field_last_owns_it(objects: Objects) -> None:
    body = objects.create(DEPLOYMENTS, deployment(replicas=0), ME)
    assert owner(body, *REPLICAS) == ["me"]
    body = objects.edit(DEPLOYMENTS, "d", "x", scaled(1), OTHER, subresource="scale")
    assert owner(body, *REPLICAS) == ["other"]
    body = objects.edit(DEPLOYMENTS, "d", "x", scaled(2), ME)
    assert owner(body, *REPLICAS) == ["me"]
    assert [each.get("subresource") for each in body["metadata"]["managedFields"]] == [None]


def test_applied_fields_can_be_shared_and_are_dropped_by_the_last(objects: Objects) -> None:
    kind = objects.kinds[DEPLOYMENTS]
    applied(objects, kind, "d", "x", deployment(replicas=3), ME)
    body, created = applied(objects, kind, "d", "x", deployment(replicas=3), OTHER)
    assert (created, owner(body, *REPLICAS)) == (False, ["me", "other"])
    body, _ = applied(objects, kind, "d", "x", deployment(), ME)
    assert (body["spec"]["replicas"], owner(body, *REPLICAS)) == (3, ["other"])
    body, _ = applied(objects, kind, "d", "x", deployment(), OTHER)
    assert (body["spec"]["replicas"], owner(body, *REPLICAS)) == (1, [])


def test_a_client_may_say_who_owned_what_and_when(objects: Objects) -> None:
    """But times alone change nothing, and through a subresource nothing of it counts."""
    body = objects.create(DEPLOYMENTS, deployment(), ME)
    aged = [{**each, "time": OLD} for each in body["metadata"]["managedFields"]]

    def change(now: Json, note: str) -> Json:
        meta = {**now["metadata"], "managedFields": aged, "annotations": {"note": note} if note else {}}
        return {**now, "metadata": meta}

    assert objects.edit(DEPLOYMENTS, "d", "x", lambda now: change(now, ""), OTHER) is body
    scaling = objects.edit(DEPLOYMENTS, "d", "x", lambda now: scaled(5)(change(now, "")), OTHER, subresource="scale")
    assert OLD not in {each.get("time") for each in scaling["metadata"]["managedFields"]}
    body = objects.edit(DEPLOYMENTS, "d", "x", lambda now: change(now, "a"), OTHER)
    times = {each["manager"]: each["time"] for each in body["metadata"]["managedFields"]}
    assert times["me"] == OLD != times["other"]


@pytest.mark.parametrize(
    ("resource", "body", "status_counts"), [(DEPLOYMENTS, deployment(), False), (APPLICATIONS, application(), True)]
)
def test_generations_count_what_is_wanted(objects: Objects, resource: str, body: Json, status_counts: bool) -> None:
    """An Application has no place of its own for its status, so that it counts, too (application-crd.yaml)."""
    name = objects.create(resource, body, ME)["metadata"]["name"]

    def generation(**change: Any) -> int:
        made = objects.edit(resource, name, "x", lambda now: {**now, **change}, ME)
        found: int = made["metadata"]["generation"]
        return found

    meta = objects.get(resource, name, "x")["metadata"]
    assert generation(metadata={**meta, "labels": {"a": "b"}}) == 1
    assert generation(status={"x": {}}) == (2 if status_counts else 1)
    held = objects.get(resource, name, "x")["metadata"]
    generation(metadata={**held, "finalizers": ["tests/hold"]})
    counted = objects.get(resource, name, "x")["metadata"]["generation"]
    assert objects.delete(resource, name, "x", ME)["metadata"]["generation"] == counted + 1


def test_deleting_again_changes_nothing(objects: Objects) -> None:
    """But for a shorter grace, with which a kubelet says that a pod has ended."""
    spec = {"containers": [{"name": "c", "image": "example.test/c:1"}], "nodeName": "n"}
    objects.create(
        "pods", {"metadata": {"name": "p", "namespace": "x", "finalizers": ["tests/hold"]}, "spec": spec}, ME
    )
    marked = objects.delete("pods", "p", "x", ME)
    assert objects.delete("pods", "p", "x", ME) is marked
    ended = objects.delete("pods", "p", "x", ME, grace_s=0)
    assert (ended["metadata"]["deletionGracePeriodSeconds"], objects.find("pods", "p", "x")) == (0, ended)
    objects.edit("pods", "p", "x", lambda now: {**now, "metadata": {**now["metadata"], "finalizers": []}}, ME)
    assert objects.find("pods", "p", "x") is None


def test_what_was_once_valid_can_be_left_so(objects: Objects) -> None:
    """A definition may have become stricter; what is touched has to be right."""
    body = objects.create(APPLICATIONS, application(), ME)
    objects.store.put(
        APPLICATIONS, {**body, "metadata": dict(body["metadata"]), "spec": {**body["spec"], "project": 1}}
    )

    def written(**spec: Any) -> Json:
        return objects.edit(APPLICATIONS, "a", "x", lambda now: {**now, "spec": {**now["spec"], **spec}}, ME)

    assert written(destination={"namespace": "y"})["spec"]["project"] == 1
    with pytest.raises(Refusal, match="in body must be of type string"):
        written(project=2)


def test_what_is_defaulted_once_is_complete(objects: Objects) -> None:
    """So that a manifest, completed, can be compared with what is in the cluster."""
    live = objects.create(DEPLOYMENTS, deployment(), ME)
    wanted = with_defaults(objects.kinds[DEPLOYMENTS], deployment())
    assert wanted["spec"] == live["spec"]
    assert with_defaults(objects.kinds[DEPLOYMENTS], live) == live


@pytest.mark.parametrize(
    ("quantity", "canonical"),
    [("1000m", "1"), (2, "2"), ("0.5", "500m"), ("1024Mi", "1Gi"), ("1000Mi", "1000Mi"), ("2000", "2k"), ("0", "0")],
)
def test_quantities_are_rewritten(objects: Objects, quantity: str | int, canonical: str) -> None:
    container = {"name": "c", "image": "i", "resources": {"limits": {"cpu": quantity}}}
    body = with_defaults(objects.kinds["pods"], {"metadata": {}, "spec": {"containers": [container]}})
    resources = body["spec"]["containers"][0]["resources"]
    assert resources == {"limits": {"cpu": canonical}, "requests": {"cpu": canonical}}


def test_no_quantity(objects: Objects) -> None:
    container = {"name": "c", "image": "i", "resources": {"limits": {"cpu": "much"}}}
    with pytest.raises(Refusal, match="quantities must match the regular expression"):
        decoded(objects.kinds["pods"], {"metadata": {}, "spec": {"containers": [container]}}, "")


def test_a_patch_leaves_what_it_is_of(objects: Objects) -> None:
    kind = objects.kinds[DEPLOYMENTS]
    body = with_defaults(kind, deployment())
    before = deepcopy(body)
    operations = [{"op": "remove", "path": "/spec/template/spec/containers/0"}, {"op": "add", "path": "/a", "value": 1}]
    changes = {"spec": {"template": {"spec": {"containers": [{"name": "n"}], "dnsPolicy": None}}}}
    patched = [
        patches.patched(kind, media, body, patch)
        for media, patch in ((patches.JSON_PATCH, operations), (patches.MERGE, changes), (patches.STRATEGIC, changes))
    ]
    containers = [[each["name"] for each in one["spec"]["template"]["spec"]["containers"]] for one in patched]
    assert (body, containers) == (before, [[], ["n"], ["n", "c"]])


def test_sets_of_fields() -> None:
    one = field_set([("a",), ("a", "b"), ("c", "d")])
    assert one == {"a": {".": {}, "b": {}}, "c": {"d": {}}}
    assert set(members(one)) == {("a",), ("a", "b"), ("c", "d")}
    assert union(one, field_set([("a", "e"), ("c",)])) == {"a": {".": {}, "b": {}, "e": {}}, "c": {".": {}, "d": {}}}
    assert difference(one, field_set([("a",), ("c", "d")])) == {"a": {"b": {}}}
    assert difference(one, field_set([("a", "b"), ("c",)])) == {"a": {}, "c": {"d": {}}}
    assert difference(one, one) is None


def test_a_name_can_be_taken_again_as_somebody_else(objects: Objects) -> None:
    """Two writers: who read the first object does not write over the second."""
    first = objects.create("configmaps", {"metadata": {"name": "c", "namespace": "x"}}, ME)
    objects.delete("configmaps", "c", "x", ME)
    second = objects.create("configmaps", {"metadata": {"name": "c", "namespace": "x"}}, ME)
    with pytest.raises(Refusal) as refused:
        objects.update("configmaps", {**first, "metadata": {**first["metadata"], "resourceVersion": ""}}, ME)
    assert (refused.value.reason, second["metadata"]["uid"] in refused.value.message) == ("Conflict", True)


SENT = {
    "configmap": (
        "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEiUKEQoBeBIAGgAiACoAMgA4AEIAEgYKAWESAWIaCAoBZhIDAP8BGgAiAA==",
        {"kind": "ConfigMap", "metadata": {"name": "x"}, "data": {"a": "b"}, "binaryData": {"f": "AP8B"}},
    ),
    "rolebinding": (
        "azhzAAorChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgtSb2xlQmluZGluZxJdChEKAXISABoAIgAqADIAOABCABIYCg5TZXJ2aWNlQWN"
        "jb3VudBIAGgFiIgFhGi4KGXJiYWMuYXV0aG9yaXphdGlvbi5rOHMuaW8SC0NsdXN0ZXJSb2xlGgR2aWV3GgAiAA==",
        {
            "kind": "RoleBinding", "metadata": {"name": "r"},
            "subjects": [{"kind": "ServiceAccount", "name": "b", "namespace": "a"}],
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        },
    ),
    "token": (
        "azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBIdChAKABIAGgAiACoAMgA4AEIAEgMgkBwaBAoAEgAaACIA",
        {"kind": "TokenRequest", "metadata": {}, "spec": {"expirationSeconds": 3600}},
    ),
}  # fmt: skip
"""What `kubectl create` (1.32) sends."""


@pytest.mark.parametrize("what", SENT)
def test_bodies_in_protobuf(what: str) -> None:
    sent, body = SENT[what]
    found = protobuf.decode(base64.b64decode(sent))
    found.pop("apiVersion")
    assert found == body


@pytest.mark.parametrize(
    ("what", "sent"),
    [
        ("field 5 of Container", b"\x0a\x01c\x2a\x01w"),
        ("Ingress", b""),
    ],
)
def test_more_in_protobuf_than_is_known_is_refused(what: str, sent: bytes) -> None:
    def message(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    kind = b"Ingress"
    if sent:
        kind, sent = b"Job", message(2, message(6, message(2, message(2, sent))))
    with pytest.raises(Refusal, match=f"{what} is not read in protobuf here") as refused:
        protobuf.decode(protobuf.MAGIC + message(1, message(2, kind)) + message(2, sent))
    assert refused.value.code == 415

"""CustomResourceDefinitions, discovery and APIServices: how kinds come to be served, and how they go."""

import time
from collections.abc import Callable
from typing import Any

from tests.lab.client import Client, Json

CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SERVICES = "/apis/apiregistration.k8s.io/v1/apiservices"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def definition(plural: str, group: str, versions: tuple[str, ...] = ("v1",), **more: Any) -> Json:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    served = [{"name": each, "served": True, "storage": each == versions[0], "schema": schema} for each in versions]
    names = {"plural": plural, "kind": plural.removesuffix("s").title(), "shortNames": [plural[:2]]}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}", **more},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": served},
    }  # fmt: skip


def eventually(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.02)
    raise AssertionError("never")


def established(admin: Client, name: str) -> bool:
    status = admin.get(f"{CRDS}/{name}").get("status") or {}
    return ("Established", "True") in [(each["type"], each["status"]) for each in status.get("conditions") or ()]


def gone(admin: Client, path: str) -> bool:
    return admin.ask("GET", path).status_code == 404


def test_a_kind_is_served_from_its_definition_to_its_end(admin: Client) -> None:
    path = "/apis/example.test/v1/namespaces/default/things"
    thing = {"apiVersion": "example.test/v1", "kind": "Thing", "metadata": {"name": "a"}, "spec": {"x": 1}}
    assert admin.ask("GET", path).text == "404 page not found\n"
    made = admin.create(CRDS, definition("things", "example.test"))
    assert made["spec"]["names"]["listKind"] == "ThingList"
    eventually(lambda: established(admin, "things.example.test"))
    assert admin.create(path, thing)["spec"] == {"x": 1}
    assert admin.ask("GET", path.replace("things", "nothings")).text == "404 page not found\n"
    assert admin.get(f"{SERVICES}/v1.example.test")["status"]["conditions"][0]["reason"] == "Local"
    deleted = admin.delete(f"{CRDS}/things.example.test")
    assert deleted["metadata"]["deletionTimestamp"]
    eventually(lambda: gone(admin, f"{CRDS}/things.example.test"))
    assert admin.ask("GET", path).text == "404 page not found\n"
    eventually(lambda: gone(admin, f"{SERVICES}/v1.example.test"))


def test_an_instance_with_a_finalizer_holds_its_definition(admin: Client) -> None:
    path = "/apis/held.test/v1/namespaces/default/cups"
    admin.create(CRDS, definition("cups", "held.test"))
    eventually(lambda: established(admin, "cups.held.test"))
    held = {"metadata": {"name": "a", "finalizers": ["held.test/x"]}, "apiVersion": "held.test/v1", "kind": "Cup"}
    admin.create(path, held)
    admin.delete(f"{CRDS}/cups.held.test")
    eventually(lambda: "deletionTimestamp" in admin.get(f"{path}/a")["metadata"])
    assert admin.get(f"{CRDS}/cups.held.test")["metadata"]["finalizers"]
    admin.patch(f"{path}/a", {"metadata": {"finalizers": None}})
    eventually(lambda: gone(admin, f"{CRDS}/cups.held.test"))


def test_each_version_is_served_as_itself(admin: Client) -> None:
    admin.create(CRDS, definition("pots", "versions.test", ("v1", "v1beta1")))
    eventually(lambda: established(admin, "pots.versions.test"))
    path = "/apis/versions.test/{}/namespaces/default/pots"
    old = {"apiVersion": "versions.test/v1beta1", "kind": "Pot", "metadata": {"name": "a"}}
    assert admin.create(path.format("v1beta1"), old)["apiVersion"] == "versions.test/v1beta1"
    assert admin.get(path.format("v1"))["items"][0]["apiVersion"] == "versions.test/v1"
    assert admin.get(path.format("v1beta1") + "/a")["apiVersion"] == "versions.test/v1beta1"
    (event,) = admin.watch(path.format("v1beta1") + "?watch=1", 1)
    assert event["object"]["apiVersion"] == "versions.test/v1beta1"
    groups = {each["metadata"].get("name"): each for each in admin.get("/apis", AGGREGATED)["items"]}
    assert [each["version"] for each in groups["versions.test"]["versions"]] == ["v1", "v1beta1"]
    admin.delete(f"{CRDS}/pots.versions.test")


def test_names_and_groups_that_are_not_ones_own_are_refused(admin: Client) -> None:
    wrong = definition("cats", "example.test")
    wrong["metadata"]["name"] = "dogs"
    assert admin.refusal("POST", CRDS, wrong) == (422, (
        'CustomResourceDefinition.apiextensions.k8s.io "dogs" is invalid: metadata.name: Invalid value: "dogs":'
        ' must be spec.names.plural+"."+spec.group'
    ))  # fmt: skip
    assert admin.refusal("POST", CRDS, definition("cats", "pets.k8s.io")) == (422, (
        'CustomResourceDefinition.apiextensions.k8s.io "cats.pets.k8s.io" is invalid:'
        ' metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval'
        ' annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'
    ))  # fmt: skip
    approved = definition("cats", "pets.k8s.io", annotations={"api-approved.kubernetes.io": "https://x"})
    assert admin.create(f"{CRDS}?dryRun=All", approved)["metadata"]["name"] == "cats.pets.k8s.io"


def test_discovery_tells_the_same_in_both_forms(admin: Client) -> None:
    aggregated = {
        (each["metadata"].get("name", ""), version["version"], resource["resource"])
        for root in ("/api", "/apis")
        for each in admin.get(root, AGGREGATED)["items"]
        for version in each["versions"]
        for resource in version["resources"]
    }
    legacy = set()
    groups = [(each["name"], each["preferredVersion"]["version"]) for each in admin.get("/apis")["groups"]]
    for group, version in [("", "v1"), *groups]:
        path = f"/apis/{group}/{version}" if group else "/api/v1"
        found = admin.get(path)["resources"]
        legacy |= {(group, version, each["name"]) for each in found if "/" not in each["name"]}
    assert aggregated == legacy
    assert {("", "v1", "pods"), ("apps", "v1", "deployments"), ("argoproj.io", "v1alpha1", "applications")} <= legacy


def test_openapi_tells_kubectl_how_to_write(admin: Client) -> None:
    path = "/openapi/v3/apis/apps/v1"
    assert admin.get("/openapi/v3")["paths"]["apis/apps/v1"] == {"serverRelativeURL": path}
    document = admin.get(path)
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in [each["name"] for each in patch["parameters"]]
    assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]
    schemas = document["components"]["schemas"]
    container = schemas["io.k8s.api.core.v1.PodSpec"]["properties"]["containers"]
    assert container["items"]["$ref"].rpartition("/")[2] in schemas
    named = [each for schema in schemas.values() for each in schema.get("x-kubernetes-group-version-kind", ())]
    assert {"group": "apps", "version": "v1", "kind": "Deployment"} in named
    custom = admin.get("/openapi/v3/apis/argoproj.io/v1alpha1")["components"]["schemas"]
    assert "spec" in custom["io.argoproj.v1alpha1.Application"]["properties"]


def test_every_group_has_an_available_service(admin: Client) -> None:
    services = {each["metadata"]["name"]: each for each in admin.get(SERVICES)["items"]}
    assert {"v1.", "v1.apps", "v2.autoscaling", "v1alpha1.argoproj.io"} <= services.keys()
    for each in services.values():
        (condition,) = each["status"]["conditions"]
        assert (condition["type"], condition["status"]) == ("Available", "True")

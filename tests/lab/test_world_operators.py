"""Operators: statuses, Secrets, predictors, addresses; and what is left alone."""

import asyncio
import base64
from collections.abc import Callable

from aiops.lab.api.kinds import Json, defined
from aiops.lab.cluster import Cluster
from aiops.lab.world import addresses, operators, predictors, secrets
from aiops.lab.world.by_hand import SIMULATE
from aiops.lab.world.pods import condition_of
from tests.lab.world import ADMIN, create, edit, running, settled, world


def serve(cluster: Cluster, resource: str, kind: str, *, namespaced: bool = True) -> None:
    plural, _, group = resource.partition(".")
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    names = {"kind": kind, "plural": plural}
    spec = {"group": group, "names": names, "scope": "Namespaced" if namespaced else "Cluster", "versions": [version]}
    cluster.kinds.add(defined({"spec": spec}))


def platform() -> Cluster:
    cluster = world(operators, secrets, predictors, addresses)
    serve(cluster, secrets.STORES, "ClusterSecretStore", namespaced=False)
    serve(cluster, secrets.RESOURCE, "ExternalSecret")
    serve(cluster, predictors.RESOURCE, "InferenceService")
    for resource, kind in (
        ("gateways.gateway.networking.k8s.io", "Gateway"), ("httproutes.gateway.networking.k8s.io", "HTTPRoute"),
        ("scaledobjects.keda.sh", "ScaledObject"), ("clusters.postgresql.cnpg.io", "Cluster"),
    ):  # fmt: skip
        serve(cluster, resource, kind)
    return cluster


def play(cluster: Cluster, *steps: Callable[[], object]) -> None:
    """Each step once nothing happens any more."""

    async def run() -> None:
        async with running(cluster):
            for step in steps:
                await settled(cluster)
                step()
            await settled(cluster)

    asyncio.run(run())


def status_of(cluster: Cluster, resource: str, name: str) -> Json:
    found: Json = cluster.objects.get(resource, name, "x")["status"]
    return found


def conditions(cluster: Cluster, resource: str, name: str, namespace: str = "x") -> dict[str, str]:
    status = cluster.objects.get(resource, name, namespace).get("status", {})
    return {each["type"]: each["status"] for each in status.get("conditions", ())}


def annotated(cluster: Cluster, resource: str, name: str, **notes: str) -> None:
    """With these annotations and no others."""
    body = next(each for each in cluster.objects.list(resource) if each["metadata"]["name"] == name)
    meta = body["metadata"]
    cluster.objects.edit(
        resource, name, meta.get("namespace", ""),
        lambda now: {**now, "metadata": {**now["metadata"], "annotations": notes}}, ADMIN,
    )  # fmt: skip


STORE = {"secretStoreRef": {"kind": "ClusterSecretStore", "name": "store"}}


def external(cluster: Cluster, name: str, **spec: object) -> None:
    create(cluster, secrets.RESOURCE, name, spec={**STORE, **spec})


def read(key: str, of: str) -> Json:
    return {"secretKey": key, "remoteRef": {"key": of}}


def values(cluster: Cluster, name: str) -> dict[str, str]:
    body = cluster.objects.get("secrets", name, "x")
    return {key: base64.b64decode(value).decode() for key, value in body["data"].items()}


def test_a_status_follows_its_object() -> None:
    """And is written once: a controller that answered to its own writes would never rest."""
    cluster, resource = platform(), "gateways.gateway.networking.k8s.io"
    create(cluster, resource, "g", spec={})
    create(cluster, "httproutes.gateway.networking.k8s.io", "r", spec={"parentRefs": [{"name": "g"}]})
    create(cluster, "clusters.postgresql.cnpg.io", "db", spec={"instances": 3})
    written = []

    def is_newer() -> None:
        assert conditions(cluster, resource, "g") == {"Accepted": "True", "Programmed": "True"}
        edit(cluster, resource, "g", lambda now: {**now, "spec": {"listeners": []}})
        written.append(status_of(cluster, "httproutes.gateway.networking.k8s.io", "r"))
        annotated(cluster, "httproutes.gateway.networking.k8s.io", "r", x="y")

    play(cluster, is_newer)
    assert written == [status_of(cluster, "httproutes.gateway.networking.k8s.io", "r")]
    gateway = cluster.objects.get(resource, "g", "x")
    assert gateway["metadata"]["generation"] == 2
    assert {each["observedGeneration"] for each in gateway["status"]["conditions"]} == {2}
    (parent,) = cluster.objects.get("httproutes.gateway.networking.k8s.io", "r", "x")["status"]["parents"]
    assert (parent["parentRef"], len(parent["conditions"])) == ({"name": "g"}, 2)
    assert cluster.objects.get("clusters.postgresql.cnpg.io", "db", "x")["status"]["readyInstances"] == 3


def test_keda_tells_what_is_paused() -> None:
    cluster, resource = platform(), "scaledobjects.keda.sh"
    create(cluster, resource, "s", spec={})
    seen = []

    def look() -> None:
        seen.append({each["type"]: each for each in status_of(cluster, resource, "s")["conditions"]})
        annotated(cluster, resource, "s", **{"autoscaling.keda.sh/paused": "true"})

    play(cluster, look, look)
    first, second = seen
    assert [each["Paused"]["status"] for each in seen] == ["False", "True"]
    assert first["Ready"] == second["Ready"], "what stays as it was keeps its time"


def test_what_somebody_plays_by_hand() -> None:
    """It stays as it is written, until the annotation goes."""
    cluster = platform()
    create(cluster, secrets.STORES, "store", spec={})
    broken = {"type": "Ready", "status": "False", "reason": "Mine", "lastTransitionTime": "2020-01-01T00:00:00Z"}

    def by_hand() -> None:
        annotated(cluster, secrets.STORES, "store", **{SIMULATE: "off"})
        body = cluster.objects.get(secrets.STORES, "store")
        cluster.objects.set_status(secrets.STORES, body, {"conditions": [broken]}, ADMIN)

    def let_go() -> None:
        assert condition_of(cluster.objects.get(secrets.STORES, "store"), "Ready") == broken
        annotated(cluster, secrets.STORES, "store")

    play(cluster, by_hand, let_go)
    assert conditions(cluster, secrets.STORES, "store", "") == {"Ready": "True"}


def test_an_external_secret_gets_its_secret() -> None:
    cluster = platform()
    create(cluster, secrets.STORES, "store", spec={})
    data = [read("a", "shared"), read("b", "own")]
    external(cluster, "plain", target={"name": "named"}, data=data)
    labels = {"metadata": {"labels": {"x": "y"}}}
    template = {**labels, "type": "kubernetes.io/basic-auth", "data": {"username": "me", "password": "{{ .a }}"}}
    external(cluster, "templated", target={"template": template}, data=data)
    play(cluster)
    named = values(cluster, "named")
    assert set(named) == {"a", "b"}
    assert named["a"] != named["b"]
    assert values(cluster, "templated") == {"username": "me", "password": named["a"]}, "one key, one value"
    made = cluster.objects.get("secrets", "templated", "x")
    assert (made["type"], made["metadata"]["labels"]) == ("kubernetes.io/basic-auth", {"x": "y"})
    assert [ref["kind"] for ref in made["metadata"]["ownerReferences"]] == ["ExternalSecret"]
    assert conditions(cluster, secrets.RESOURCE, "plain") == {"Ready": "True"}


def test_a_secret_comes_again_unless_by_hand() -> None:
    cluster = platform()
    create(cluster, secrets.STORES, "store", spec={})
    external(cluster, "e", data=[read("a", "k")])
    there = []

    def look() -> None:
        there.append(cluster.objects.find("secrets", "e", "x") is not None)

    def deleted() -> None:
        cluster.objects.delete("secrets", "e", "x", ADMIN)

    def off() -> None:
        annotated(cluster, secrets.RESOURCE, "e", **{SIMULATE: "off"})

    def on() -> None:
        annotated(cluster, secrets.RESOURCE, "e")

    play(cluster, look, deleted, look, off, deleted, look, on, look)
    assert there == [True, True, False, True]


def test_a_store_that_is_not_ready() -> None:
    """Nothing new is read from it; what was read stays."""
    cluster = platform()
    external(cluster, "e", data=[read("a", "k")])
    said = []

    def look() -> None:
        said.append(condition_of(cluster.objects.get(secrets.RESOURCE, "e", "x"), "Ready"))

    def comes() -> None:
        create(cluster, secrets.STORES, "store", metadata={"annotations": {SIMULATE: "off"}}, spec={})

    def well() -> None:
        annotated(cluster, secrets.STORES, "store")

    def goes() -> None:
        cluster.objects.delete(secrets.STORES, "store", "", ADMIN)

    play(cluster, look, comes, look, well, look, goes, look)
    assert [each["status"] for each in said] == ["False", "False", "True", "True"]
    assert [each["reason"] for each in said[:2]] == ["SecretSyncedError", "SecretSyncedError"]
    assert "not found" in said[0]["message"]
    assert "is not ready" in said[1]["message"]


def test_an_inference_service_has_its_deployment_unless_it_is_stopped() -> None:
    cluster = platform()
    container = {"name": "kserve-container", "image": "vllm:1", "args": ["--model=a/b"]}
    create(cluster, predictors.RESOURCE, "s", spec={"predictor": {"containers": [container]}})
    seen = []

    def look() -> None:
        deployments = cluster.objects.list("deployments.apps", "x")
        seen.append(([each["metadata"]["name"] for each in deployments], conditions(cluster, predictors.RESOURCE, "s")))

    def stop() -> None:
        (deployment,) = cluster.objects.list("deployments.apps", "x")
        assert deployment["spec"]["template"]["spec"]["containers"][0]["args"] == ["--model=a/b"]
        label = {"serving.kserve.io/inferenceservice": "s"}
        assert deployment["spec"]["template"]["metadata"]["labels"] == label
        annotated(cluster, predictors.RESOURCE, "s", **{predictors.STOP: "true"})

    play(cluster, look, stop, look, lambda: annotated(cluster, predictors.RESOURCE, "s"), look)
    up = (["s-predictor"], {"PredictorReady": "True", "IngressReady": "True", "Ready": "True"})
    assert seen == [up, ([], {"Ready": "False", "Stopped": "True"}), up]


def test_a_load_balancer_gets_an_address() -> None:
    cluster = platform()
    create(cluster, "services", "edge", spec={"type": "LoadBalancer", "ports": [{"port": 80}]})

    def address() -> Json:
        found: Json = cluster.objects.get("services", "edge", "x")["status"]["loadBalancer"]
        return found

    def inside() -> None:
        assert address()["ingress"][0]["ip"] == "203.0.113.20"
        edit(cluster, "services", "edge", lambda now: {**now, "spec": {**now["spec"], "type": "ClusterIP"}})

    play(cluster, inside)
    assert address() == {}


def test_an_api_of_another_server() -> None:
    """Nobody serves it; the condition's time is that of its change, also where somebody wrote it."""
    cluster, name = platform(), "v1.gone.test"
    service = {"service": {"name": "nowhere", "namespace": "x", "port": 443}}
    body = {"metadata": {"name": name}, "spec": {"group": "gone.test", "version": "v1", **service}}
    cluster.objects.create(addresses.API_SERVICES, body, ADMIN)
    then = "2020-01-01T00:00:00Z"

    def available() -> Json:
        return condition_of(cluster.objects.get(addresses.API_SERVICES, name), "Available")

    def long_ago() -> None:
        assert available()["reason"] == "ServiceNotFound"
        assert available()["message"] == 'service/nowhere in "x" is not present'
        changed = {"conditions": [{**available(), "lastTransitionTime": then}]}
        cluster.objects.set_status(
            addresses.API_SERVICES, cluster.objects.get(addresses.API_SERVICES, name), changed, ADMIN
        )

    def service_comes() -> None:
        assert available()["lastTransitionTime"] == then
        create(cluster, "services", "nowhere", spec={"ports": [{"port": 443}]})

    play(cluster, long_ago, service_comes)
    assert (available()["status"], available()["reason"]) == ("False", "MissingEndpoints")

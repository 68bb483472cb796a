"""What goes with what: owners, namespaces, claims; and what is counted."""

from typing import Any

import pytest

from aiops.lab.api.kinds import Json
from aiops.lab.api.refusals import Refusal
from aiops.lab.cluster import Cluster
from aiops.lab.world import garbage, namespaces, quotas, volumes
from aiops.lab.world.ownership import reference
from tests.lab.world import ADMIN, create, edit, played, pod_spec, settled, until, world

APPS, SETS = "applications.argoproj.io", "applicationsets.argoproj.io"


@pytest.fixture
def cluster() -> Cluster:
    return world(garbage, namespaces, quotas, volumes)


def owned(cluster: Cluster, name: str, *owners: Json, **ref: Any) -> Json:
    """A ConfigMap with these owners."""
    refs = [{**reference(owner), **ref} for owner in owners]
    return create(cluster, "configmaps", name, metadata={"ownerReferences": refs})


def maps(cluster: Cluster) -> list[str]:
    return [body["metadata"]["name"] for body in cluster.objects.list("configmaps", "x")]


def marked(cluster: Cluster, name: str, *finalizers: str) -> None:
    meta = {"finalizers": list(finalizers)}
    edit(cluster, "configmaps", name, lambda now: {**now, "metadata": {**now["metadata"], **meta}})


@played
async def test_in_the_background(cluster: Cluster) -> None:
    """The owner first; then all that it leaves, to the last generation."""
    top = owned(cluster, "top")
    owned(cluster, "leaf", owned(cluster, "middle", top))
    cluster.objects.delete("configmaps", "top", "x", ADMIN)
    assert maps(cluster) == ["leaf", "middle"]
    await settled(cluster)
    assert maps(cluster) == []


@played
async def test_in_the_foreground(cluster: Cluster) -> None:
    """The owner last: it waits for those that block, and not for others."""
    top = owned(cluster, "top")
    owned(cluster, "held", top)
    owned(cluster, "free", top, blockOwnerDeletion=False)
    for name in ("held", "free"):
        marked(cluster, name, "tests/hold")
    cluster.objects.delete("configmaps", "top", "x", ADMIN, propagation="Foreground")
    await settled(cluster)
    assert maps(cluster) == ["free", "held", "top"]
    assert all("deletionTimestamp" in body["metadata"] for body in cluster.objects.list("configmaps", "x"))
    marked(cluster, "held")
    await settled(cluster)
    assert maps(cluster) == ["free"]


@played
async def test_in_the_foreground_to_the_last_generation(cluster: Cluster) -> None:
    owned(cluster, "leaf", owned(cluster, "middle", owned(cluster, "top")))
    marked(cluster, "leaf", "tests/hold")
    cluster.objects.delete("configmaps", "top", "x", ADMIN, propagation="Foreground")
    await settled(cluster)
    assert maps(cluster) == ["leaf", "middle", "top"]
    marked(cluster, "leaf")
    await until(lambda: maps(cluster) == [])


@played
async def test_orphans(cluster: Cluster) -> None:
    top, other = owned(cluster, "top"), owned(cluster, "other")
    owned(cluster, "child", top, other, controller=False)
    cluster.objects.delete("configmaps", "top", "x", ADMIN, propagation="Orphan")
    await settled(cluster)
    assert maps(cluster) == ["child", "other"]
    refs = cluster.objects.get("configmaps", "child", "x")["metadata"]["ownerReferences"]
    assert [ref["name"] for ref in refs] == ["other"]


@played
async def test_two_owners(cluster: Cluster) -> None:
    """It stays with the one that is left."""
    owned(cluster, "child", owned(cluster, "one"), owned(cluster, "two"), controller=False)
    cluster.objects.delete("configmaps", "one", "x", ADMIN)
    await settled(cluster)
    refs = cluster.objects.get("configmaps", "child", "x")["metadata"]["ownerReferences"]
    assert [ref["name"] for ref in refs] == ["two"]


@played
async def test_an_owner_that_never_was(cluster: Cluster) -> None:
    """The same name with another uid is nobody."""
    owned(cluster, "child", owned(cluster, "top"), uid="of-another")
    await settled(cluster)
    assert maps(cluster) == ["top"]


@played
async def test_custom_resources(cluster: Cluster) -> None:
    """An Application goes with its ApplicationSet, if its own finalizer lets it."""
    spec = {"project": "x", "destination": {}, "source": {"repoURL": "x"}}
    owner = create(cluster, SETS, "set", spec={"generators": [], "template": {"metadata": {}, "spec": spec}})
    meta = {"ownerReferences": [reference(owner)], "finalizers": ["resources-finalizer.argocd.argoproj.io"]}
    create(cluster, APPS, "app", metadata=meta, spec=spec)
    cluster.objects.delete(SETS, "set", "x", ADMIN)
    await settled(cluster)
    assert "deletionTimestamp" in cluster.objects.get(APPS, "app", "x")["metadata"]


@played
async def test_a_namespace_has_an_account(cluster: Cluster) -> None:
    cluster.objects.create("namespaces", {"metadata": {"name": "new"}}, ADMIN)
    await until(lambda: cluster.objects.find("serviceaccounts", "default", "new"))
    await settled(cluster)
    cluster.objects.delete("serviceaccounts", "default", "new", ADMIN)
    await until(lambda: cluster.objects.find("serviceaccounts", "default", "new"))
    await settled(cluster)
    assert cluster.objects.get("namespaces", "new")["status"] == {"phase": "Active"}


@played
async def test_a_namespace_is_emptied_first(cluster: Cluster) -> None:
    """Meanwhile it is Terminating, and nothing new can be made in it."""
    marked(cluster, owned(cluster, "held")["metadata"]["name"], "tests/hold")
    create(cluster, "pods", "p", spec=pod_spec())
    await settled(cluster)
    cluster.objects.delete("namespaces", "x", "", ADMIN)
    await settled(cluster)
    assert cluster.objects.get("namespaces", "x")["status"]["phase"] == "Terminating"
    assert (maps(cluster), cluster.objects.list("pods", "x")) == (["held"], [])
    with pytest.raises(Refusal, match="because it is being terminated"):
        owned(cluster, "late")
    marked(cluster, "held")
    await until(lambda: cluster.objects.find("namespaces", "x") is None)
    await settled(cluster)
    assert cluster.objects.list("serviceaccounts", "x") == []


@played
async def test_a_quota_is_counted(cluster: Cluster) -> None:
    create(cluster, "resourcequotas", "q", spec={"hard": {"count/pods": "3", "requests.cpu": "2"}})
    spec = pod_spec()
    spec["containers"][0]["resources"] = {"requests": {"cpu": "500m"}}

    def used() -> Json:
        found: Json = cluster.objects.get("resourcequotas", "q", "x").get("status", {}).get("used", {})
        return found

    await until(lambda: used() == {"count/pods": "0", "requests.cpu": "0"})
    await settled(cluster)
    create(cluster, "pods", "p", spec=spec)
    await until(lambda: used() == {"count/pods": "1", "requests.cpu": "500m"})
    await settled(cluster)
    cluster.objects.delete("pods", "p", "x", ADMIN)
    await until(lambda: used() == {"count/pods": "0", "requests.cpu": "0"})
    await settled(cluster)
    assert cluster.objects.get("resourcequotas", "q", "x")["status"]["hard"] == {"count/pods": "3", "requests.cpu": "2"}


@played
async def test_a_claim_is_bound(cluster: Cluster) -> None:
    """To a volume of the default class that goes with it; one that is left to a hand is not."""
    meta = {"name": "standard", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    cluster.objects.create("storageclasses.storage.k8s.io", {"metadata": meta, "provisioner": "x"}, ADMIN)
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    create(cluster, "persistentvolumeclaims", "data", spec=spec)
    by_hand = {"annotations": {"aiops.dev/simulate": "off"}}
    create(cluster, "persistentvolumeclaims", "hand", metadata=by_hand, spec=spec)
    await settled(cluster)
    claims = {body["metadata"]["name"]: body for body in cluster.objects.list("persistentvolumeclaims", "x")}
    assert {name: body["status"]["phase"] for name, body in claims.items()} == {"data": "Bound", "hand": "Pending"}
    (volume,) = cluster.objects.list("persistentvolumes")
    assert claims["data"]["spec"]["volumeName"] == volume["metadata"]["name"]
    assert claims["data"]["spec"]["storageClassName"] == volume["spec"]["storageClassName"] == "standard"
    assert claims["data"]["status"]["capacity"] == {"storage": "5Gi"}
    assert volume["status"]["phase"] == "Bound"
    cluster.objects.delete("persistentvolumeclaims", "data", "x", ADMIN)
    await until(lambda: not cluster.objects.list("persistentvolumes"))
    await settled(cluster)


@pytest.mark.parametrize(
    ("of_class", "reason"), [("there", "ExternalProvisioning"), ("gone", "ProvisioningFailed"), ("", "FailedBinding")]
)
@played
async def test_a_claim_that_nobody_provisions_says_what_it_waits_for(
    cluster: Cluster, of_class: str, reason: str
) -> None:
    there = {"metadata": {"name": "there"}, "provisioner": "csi.example.test"}
    cluster.objects.create("storageclasses.storage.k8s.io", there, ADMIN)
    spec = {
        "accessModes": ["ReadWriteOnce"], "storageClassName": of_class, "resources": {"requests": {"storage": "5Gi"}},
    }  # fmt: skip
    by_hand = {"annotations": {"aiops.dev/simulate": "off"}}
    create(cluster, "persistentvolumeclaims", "hand", metadata=by_hand, spec=spec)
    await settled(cluster)
    assert [each["reason"] for each in cluster.objects.list("events", "x")] == [reason]

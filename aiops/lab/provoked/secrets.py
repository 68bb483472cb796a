"""Faults of the platform's secrets."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.hands import OFF, SOMEBODY, aged, annotate, let_go, say, whenever

STORES = "clustersecretstores.external-secrets.io"
EXTERNAL = "externalsecrets.external-secrets.io"


@contextmanager
def store_not_ready(cluster: Cluster) -> Iterator[None]:
    """The stores' provider refuses the login."""
    why = "could not get provider client: 403"
    said = {"type": "Ready", "status": "False", "reason": "InvalidProviderConfig", "message": why}
    refused: dict[str, Json] = {}

    def refuse(body: Json) -> None:
        if not _says(body, why):
            refused[body["metadata"]["name"]] = body
            say(cluster, STORES, aged(cluster, STORES, body), said)

    with whenever(cluster, STORES, refuse):
        yield
    let_go(cluster, STORES, refused.values())


@contextmanager
def secret_not_synced(cluster: Cluster) -> Iterator[None]:
    """A secret that the provider does not have."""
    why = "Secret does not exist"
    said = {"type": "Ready", "status": "False", "reason": "SecretSyncedError", "message": why}
    chosen: dict[Name, Json] = {}

    def fail(body: Json) -> None:
        name = name_of(body)
        if chosen.keys() <= {name} and not _says(body, why):
            chosen[name] = body
            say(cluster, EXTERNAL, aged(cluster, EXTERNAL, body), said)

    with whenever(cluster, EXTERNAL, fail):
        yield
    let_go(cluster, EXTERNAL, chosen.values())


@contextmanager
def secret_deleted(cluster: Cluster) -> Iterator[None]:
    """A Secret that somebody deleted, before its ExternalSecret is due again."""
    chosen: list[Json] = []

    def delete(body: Json) -> None:
        meta, target = body["metadata"], body["spec"].get("target") or {}
        name = target.get("name") or meta["name"]
        if not chosen and cluster.objects.find("secrets", name, meta["namespace"]) and _says(body, "True"):
            chosen.append(annotate(cluster, EXTERNAL, body, OFF))
            cluster.objects.delete("secrets", name, meta["namespace"], SOMEBODY)

    with whenever(cluster, EXTERNAL, delete):
        yield
    let_go(cluster, EXTERNAL, chosen)


def _says(body: Json, word: str) -> bool:
    return any(word in each.values() for each in body.get("status", {}).get("conditions") or ())

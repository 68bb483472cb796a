"""External Secrets: each ExternalSecret gets its Secret, once its store is ready."""

import base64
import hashlib
from collections.abc import Iterable, Iterator

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Event, Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself, owner
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.operators import keep_status
from aiops.lab.world.ownership import reference
from aiops.lab.world.pods import condition_of

PART = "external-secrets"
RESOURCE, STORES = "externalsecrets.external-secrets.io", "clustersecretstores.external-secrets.io"
WRITER = Writer(user="system:serviceaccount:external-secrets:external-secrets", manager=PART)


def start(cluster: Cluster) -> None:
    """Let it run."""
    operator = ExternalSecrets(cluster)
    watches = {RESOURCE: itself, "secrets": owner("ExternalSecret"), STORES: operator.readers}
    cluster.control(PART, PART, operator.reconcile, watches)


def value_of(key: str) -> str:
    """What the backend holds under a key: the same wherever it is read."""
    return "sk-" + hashlib.sha256(key.encode()).hexdigest()[:24]


class ExternalSecrets:
    """The operator."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._objects = cluster, cluster.objects

    def readers(self, event: Event) -> Iterable[Name]:
        """Those that read a store."""
        store = event.object["metadata"]["name"]
        return [name_of(body) for body in self._objects.list(RESOURCE) if _store(body).get("name") == store]

    async def reconcile(self, key: Name) -> float | None:
        """The Secret, and the word that it is there."""
        body = self._objects.find(RESOURCE, key[1], key[0])
        if body is None or is_by_hand(body) or "deletionTimestamp" in body["metadata"]:
            return None
        name = body["spec"].get("target", {}).get("name") or key[1]
        missing = self._objects.find("secrets", name, key[0]) is None
        why = self._store_trouble(body) if missing else ""
        if missing and not why:
            self._objects.create("secrets", _secret(body, name), WRITER)
        words = ("SecretSyncedError", why) if why else ("SecretSynced", "secret synced")
        conditions = [condition("Ready", not why, *words, now=self._cluster.clock.stamp())]
        keep_status(self._cluster, RESOURCE, body, {"conditions": conditions}, WRITER)
        return None

    def _store_trouble(self, body: Json) -> str:
        reference = _store(body)
        if reference.get("kind") != "ClusterSecretStore":
            return ""
        store = self._objects.find(STORES, reference["name"])
        if store is None:
            return f'could not get ClusterSecretStore "{reference["name"]}", not found'
        ready = condition_of(store, "Ready").get("status") == "True"
        return "" if ready else f'ClusterSecretStore "{reference["name"]}" is not ready'


def _store(body: Json) -> Json:
    found: Json = body["spec"].get("secretStoreRef") or {}
    return found


def _secret(body: Json, name: str) -> Json:
    template = body["spec"].get("target", {}).get("template") or {}
    texts = {key: base64.b64encode(text.encode()).decode() for key, text in _data(body, template)}
    labels = (template.get("metadata") or {}).get("labels") or {}
    meta = {"name": name, "namespace": body["metadata"]["namespace"], "labels": labels}
    made = {"metadata": {**meta, "ownerReferences": [reference(body)]}, "data": texts}
    return made | ({"type": template["type"]} if "type" in template else {})


def _data(body: Json, template: Json) -> Iterator[tuple[str, str]]:
    """As its template says, of which `{{ .name }}` and nothing else is understood; else all that it reads."""
    read = {each["secretKey"]: value_of(each["remoteRef"]["key"]) for each in body["spec"].get("data") or ()}
    for key, text in (template.get("data") or {}).items():
        name = str(text).strip("{} .")
        yield key, read.get(name, str(text))
    if not template.get("data"):
        yield from read.items()

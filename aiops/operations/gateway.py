"""Where LiteLLM is on the cluster, and its master key."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from aiops.clients.kube import APPLICATION, DEPLOYMENTS, SERVICES, Kind, Kube
from aiops.collect import gather
from aiops.errors import NotFound, Refused
from aiops.judge.gateway import gateway_port, is_gateway, master_keys
from aiops.judge.model import SecretKey
from aiops.operations.before import EXTERNALSECRET
from aiops.session import Session
from aiops.snapshot import Json

OVERRIDE = "say where it is under aiops.gateway in the config"


@dataclass(frozen=True)
class Gateway:
    """LiteLLM, and what else the look saw."""

    deployment: Json
    port: int
    master_key: str
    deployments: tuple[Json, ...]
    """Of the cluster."""
    services: tuple[Json, ...]
    """Of the cluster."""

    def __repr__(self) -> str:
        """Without the key."""
        return str(self)

    def __str__(self) -> str:
        meta = self.deployment["metadata"]
        return f"LiteLLM {meta['namespace']}/{meta['name']}"


def find_gateway(session: Session, layers: Sequence[str]) -> Gateway:
    """The one LiteLLM of these layers' applications; Refused where there is none, or no key of it."""
    kube, settings = session.kube, session.config.aiops.gateway
    reads = {kind: partial(_all, kube, kind) for kind in (DEPLOYMENTS, SERVICES)}
    answers, failures = gather(reads)
    for error in failures.values():
        raise error
    deployments, services = answers[DEPLOYMENTS], answers[SERVICES]
    deployment = _one(session, layers, deployments)
    namespace = deployment["metadata"]["namespace"]
    near = [body for body in services if body["metadata"]["namespace"] == namespace]
    port = settings.port or gateway_port(deployment, near)
    if port is None:
        raise Refused(f"Deployment {namespace}/{deployment['metadata']['name']} (LiteLLM) names no port", OVERRIDE)
    return Gateway(deployment, port, _master_key(session, deployment), deployments, services)


def _one(session: Session, layers: Sequence[str], deployments: Iterable[Json]) -> Json:
    settings = session.config.aiops.gateway
    if settings.deployment:
        likely = [body for body in deployments if body["metadata"]["name"] == settings.deployment]
        likely = [body for body in likely if settings.namespace in (None, body["metadata"]["namespace"])]
    else:
        ours = _of_applications(session, layers)
        likely = [body for body in deployments if _key(body) in ours and is_gateway(body)]
    if len(likely) == 1:
        return likely[0]
    names = ", ".join("/".join(_key(body)) for body in likely)
    what = f"several could be it: {names}" if likely else f"no Deployment of layers {', '.join(layers)} runs it"
    raise Refused(f"which LiteLLM? {what}", f"`aiops wait` tells whether its application stands; else {OVERRIDE}")


def _of_applications(session: Session, layers: Sequence[str]) -> set[tuple[str, str]]:
    """(namespace, name) of every Deployment of the layers' applications."""
    names = {each.name for each in session.tree.applications_in(layers)}
    return {
        (ref.get("namespace", ""), ref["name"])
        for body in session.kube.list(APPLICATION, session.namespace).items
        if body["metadata"]["name"] in names
        for ref in body.get("status", {}).get("resources") or ()
        if ref["kind"] == "Deployment"
    }


def _master_key(session: Session, deployment: Json) -> str:
    kube, settings = session.kube, session.config.aiops.gateway
    namespace = deployment["metadata"]["namespace"]
    if settings.secret:
        places = [SecretKey(settings.secret, settings.key or "PROXY_MASTER_KEY")]
    else:
        kind = kube.kinds().find(*EXTERNALSECRET)
        places = [*master_keys(deployment, _all(kube, kind, namespace) if kind else ())]
    for place in places:
        try:
            return kube.secret(namespace, place.secret, place.key)
        except NotFound:
            continue
    looked = ", ".join(dict.fromkeys(f"{place.secret}[{place.key}]" for place in places)) or "nothing names one"
    raise Refused(f"LiteLLM's master key is not in namespace {namespace}: {looked}", OVERRIDE)


def _key(body: Json) -> tuple[str, str]:
    return body["metadata"]["namespace"], body["metadata"]["name"]


def _all(kube: Kube, kind: Kind, namespace: str | None = None) -> tuple[Json, ...]:
    return kube.list(kind, namespace).items

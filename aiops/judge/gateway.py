"""LiteLLM as its objects show it: which Deployment it is, its port, and where its master key is written."""

import re
from collections.abc import Iterable, Iterator

from aiops.gitops.parsing import Body, items, part, value
from aiops.judge.model import SecretKey
from aiops.snapshot import Json

IMAGE = re.compile(r"(?:^|/)litellm(?:-database|-non_root|-ee|-stable)?(?:[:@][^/]*)?$")
"""LiteLLM's own images (docs.litellm.ai, "Docker, Helm, Terraform"); not those of things built around it."""
MASTER_KEYS = ("LITELLM_MASTER_KEY", "PROXY_MASTER_KEY")
"""The variables that hold the master key: LiteLLM's own, and its Helm chart's."""


def is_gateway(deployment: Json) -> bool:
    """One of its containers runs LiteLLM."""
    return any(map(_is_litellm, _containers(deployment)))


def gateway_port(deployment: Json, services: Iterable[Json]) -> int | None:
    """The port that it listens on: its container's, else the one that a Service of its namespace sends requests to."""
    for container in _containers(deployment):
        if ports := sorted(items(container, "ports"), key=lambda port: port.get("name") != "http"):
            return int(ports[0]["containerPort"])
    labels = part(deployment, "spec", "template", "metadata", "labels")
    for service in services:
        selector = part(service, "spec", "selector")
        if selector and selector.items() <= labels.items():
            for port in items(part(service, "spec"), "ports"):
                target = port.get("targetPort", port["port"])
                return int(target) if str(target).isdecimal() else int(port["port"])
    return None


def master_keys(deployment: Json, externalsecrets: Iterable[Json]) -> Iterator[SecretKey]:
    """Where its master key may be written, the likeliest first: its environment, and then any Secret of its namespace
    that an ExternalSecret fills under that name."""
    for container in _containers(deployment):
        for each in items(container, "env"):
            ref = part(each, "valueFrom", "secretKeyRef")
            if each.get("name") in MASTER_KEYS and ref:
                yield SecretKey(ref["name"], ref["key"])
        for each in items(container, "envFrom"):
            if secret := value(each, "secretRef", "name"):
                yield from (SecretKey(secret, name) for name in MASTER_KEYS)
    for body in externalsecrets:
        spec = part(body, "spec")
        secret = value(spec, "target", "name") or body["metadata"]["name"]
        written = {*part(spec, "target", "template", "data"), *(each.get("secretKey") for each in items(spec, "data"))}
        yield from (SecretKey(secret, name) for name in MASTER_KEYS if name in written)


def _containers(deployment: Json) -> list[Body]:
    """LiteLLM's own first: what runs beside it has ports and an environment of its own."""
    found = items(part(deployment, "spec", "template", "spec"), "containers")
    return sorted(found, key=lambda container: not _is_litellm(container))


def _is_litellm(container: Body) -> bool:
    return IMAGE.search(str(container.get("image", ""))) is not None

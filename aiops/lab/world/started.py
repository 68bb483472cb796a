"""What a container was started with: its options, its environment, and the config in its volumes; what it serves."""

import base64
import re
from collections.abc import Iterator
from itertools import pairwise

import yaml

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Objects

LITELLM = re.compile(r"(?:^|/)litellm[\w-]*(?:[:@][^/]*)?$")


def server_of(pod: Json) -> Json:
    """The container of a pod, or of a pod template, in which a server runs; empty where none does."""
    return next((each for each in pod["spec"]["containers"] if is_gateway(each) or served(each)), {})


def is_gateway(container: Json) -> bool:
    """It runs LiteLLM."""
    return LITELLM.search(container.get("image", "")) is not None


def served(container: Json) -> str:
    """The name of the model that a container serves; empty where it serves none."""
    return option(container, "--served-model-name", "--model", "--model-id")


def option(container: Json, *names: str) -> str:
    """The value of the first of these options that it has, as `--x=y` or `--x y`; empty where it has none."""
    words = " ".join((*(container.get("command") or ()), *(container.get("args") or ()))).split()
    for name in names:
        for word, following in pairwise([*words, ""]):
            if word == name:
                return following
            if word.startswith(f"{name}="):
                return word.partition("=")[2]
    return ""


def has(container: Json, name: str) -> bool:
    """It has this option, with or without a value."""
    return any(str(word).partition("=")[0] == name for word in container.get("args") or ())


def environment(objects: Objects, namespace: str, container: Json) -> dict[str, str]:
    """Its variables, those of Secrets too; what is not there is left out."""
    found: dict[str, str] = {}
    for each in container.get("envFrom") or ():
        found |= secret(objects, namespace, (each.get("secretRef") or {}).get("name", ""))
    for each in container.get("env") or ():
        ref = (each.get("valueFrom") or {}).get("secretKeyRef")
        value = secret(objects, namespace, ref["name"]).get(ref["key"]) if ref else each.get("value")
        if value is not None:
            found[each["name"]] = value
    return found


def secret(objects: Objects, namespace: str, name: str) -> dict[str, str]:
    """The values of a Secret; nothing where it is not there."""
    body = objects.find("secrets", name, namespace) or {}
    return {key: base64.b64decode(value).decode() for key, value in (body.get("data") or {}).items()}


def configs(objects: Objects, pod: Json) -> Iterator[Json]:
    """The documents of YAML in the ConfigMaps that are its volumes."""
    for volume in pod["spec"].get("volumes") or ():
        name = (volume.get("configMap") or {}).get("name", "")
        body = objects.find("configmaps", name, pod["metadata"]["namespace"]) or {}
        for text in (body.get("data") or {}).values():
            try:
                found = yaml.safe_load(text)
            except yaml.YAMLError:
                continue
            if isinstance(found, dict):
                yield found

"""LiteLLM's own login for its admin UI, which is free for five users: who has it on, and with which licence."""

import re
from collections.abc import Collection, Iterable

from aiops.gitops.parsing import Body, items, part, value
from aiops.gitops.workloads import pods_made_by
from aiops.judge.scaling import makes
from aiops.snapshot import Json, ref_of

SSO = ("GENERIC_CLIENT_ID", "GOOGLE_CLIENT_ID", "MICROSOFT_CLIENT_ID")
"""Each of these variables switches it on (docs.litellm.ai/docs/proxy/admin_ui_sso)."""
LICENSE = "LITELLM_LICENSE"


def variables_of(workload: Json, externalsecrets: Iterable[Json]) -> tuple[set[str], list[str]]:
    """(names of the variables of its containers, Secrets and ConfigMaps that bring more, which nobody can name)."""
    names, unknown = set[str](), list[str]()
    namespace = ref_of(workload).namespace
    filled = {makes(each): each for each in externalsecrets if ref_of(each).namespace == namespace}
    for container in (each for pods in pods_made_by(workload) for each in pods.containers):
        names |= container.env.keys()
        for source in items(container.body, "envFrom"):
            name = str(value(source, "secretRef", "name") or value(source, "configMapRef", "name"))
            keys = keys_of(filled.get(name, {}))
            names |= set(keys or ())
            unknown += [] if keys is not None else [name]
    return names, unknown


def keys_of(externalsecret: Body) -> list[str] | None:
    """The keys that it fills; None where it does not tell all of them."""
    spec, template = part(externalsecret, "spec"), part(externalsecret, "spec", "target", "template")
    if not spec.get("data") or spec.get("dataFrom") or template.get("templateFrom"):
        return None
    keys = [str(each.get("secretKey")) for each in items(spec, "data")]
    written = [*part(template, "data")]
    return [*written, *(keys if not written or template.get("mergePolicy") == "Merge" else ())]


def backend_keys(externalsecret: Body, keys: Collection[str]) -> set[str]:
    """Under which names the backend keeps what fills these keys, by itself or through a template."""
    spec = part(externalsecret, "spec")
    written = [str(text) for key, text in part(spec, "target", "template", "data").items() if key in keys]
    used = {*keys, *(word for text in written for word in re.findall(r"\.\s*(\w+)", text))}
    return {str(value(each, "remoteRef", "key")) for each in items(spec, "data") if each.get("secretKey") in used}

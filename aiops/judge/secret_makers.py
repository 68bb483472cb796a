"""Who makes the Secrets of a tree: the tree itself, its operators, its Jobs, and what nobody can look into."""

import re
from collections.abc import Iterator

from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import Body, items, part, texts, value
from aiops.gitops.repository import same_repository
from aiops.gitops.workloads import KINDS, pods_made_by

_WRITES, _ANY = {"*", "create", "update", "patch"}, "*"
_REFERENCE = re.compile(r"(?<!To)Refs?$")
"""A field that names what somebody else makes: `secretKeyRef`; `writeConnectionSecretToRef` names what it makes."""


class Makers:
    """All of one tree."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared
        self._unknown = frozenset(_not_looked_into(declared))
        self._custom = [each for each in declared.manifests if _is_custom(each)]
        self._roles = [each for each in declared.of("Role", "ClusterRole") if _may_write(each.body)]
        self._scripts = "\n".join(_scripts(declared))

    def may_make(self, namespace: str, name: str, *, within_on: bool) -> bool:
        """Somebody makes it, or might; `within_on`: what is switched off makes nothing."""
        return namespace in self._unknown or any(
            not (within_on and each.application in self._declared.off)
            for each in (*self._written(namespace, name), *self._granted(namespace, name))
        )

    def _written(self, namespace: str, name: str) -> Iterator[Manifest]:
        for each in (*self._declared.of("Secret"), *self._custom):
            everywhere = each.kind.startswith("Cluster") and each.kind != "Cluster"
            if (everywhere or each.namespace == namespace) and _makes(each, name):
                yield each

    def _granted(self, namespace: str, name: str) -> Iterator[Manifest]:
        """Rights to write it, by its name, or to write any where a script speaks of this one."""
        spoken_of = bool(re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", self._scripts))
        for each in self._roles:
            granted = _may_write(each.body)
            here = each.kind == "ClusterRole" or each.namespace == namespace
            if here and (name in granted or (_ANY in granted and spoken_of)):
                yield each


def _not_looked_into(declared: Declared) -> Iterator[str]:
    """Namespaces into which something is deployed whose objects are not known: charts, other repositories."""
    own = {layer.name: layer.repo_url for layer in declared.tree.layers}
    for app in declared.applications:
        foreign = (source for source in app.sources if source.path is not None)
        if app.name in declared.unrendered or not all(same_repository(one.repo_url, own[app.layer]) for one in foreign):
            yield app.namespace


def _is_custom(manifest: Manifest) -> bool:
    """Of an operator, and no workload: what that refers to, somebody else makes."""
    group = manifest.document.group
    return "." in group and not group.endswith(".k8s.io") and manifest.kind not in KINDS


def _makes(manifest: Manifest, name: str) -> bool:
    """It is the Secret, or an operator makes it of this: by its name, beginning with its name, or as its spec says."""
    if manifest.kind == "Secret":
        return manifest.name == name
    if manifest.kind == "ExternalSecret":
        return name == (value(manifest.body, "spec", "target", "name") or manifest.name)
    own = name == manifest.name or name.startswith(f"{manifest.name}-")
    return own or name in _texts(value(manifest.body, "spec"))


def _texts(body: object) -> Iterator[str]:
    """Everything that is written in a spec, but for references."""
    if isinstance(body, str):
        yield body
    elif isinstance(body, dict):
        for name, each in body.items():
            if not _REFERENCE.search(name):
                yield from _texts(each)
    elif isinstance(body, list):
        for each in body:
            yield from _texts(each)


def _may_write(role: Body) -> frozenset[str]:
    """The names of the Secrets that a role lets write, or `_ANY`."""
    rules = [
        rule
        for rule in items(role, "rules")
        if {"*", "secrets"} & set(texts(rule, "resources")) and _WRITES & set(texts(rule, "verbs"))
    ]
    return frozenset(name for rule in rules for name in (texts(rule, "resourceNames") or (_ANY,)))


def _scripts(declared: Declared) -> Iterator[str]:
    """What runs in the cluster: ConfigMaps, and what containers are started with."""
    for each in declared.of("ConfigMap"):
        yield from (str(text) for text in part(each.body, "data").values())
    for each in declared.of("Job", "CronJob"):
        for pods in pods_made_by(each.body):
            for container in pods.containers:
                yield from texts(container.body, "command")
                yield from texts(container.body, "args")
                yield from (container.value_of(name) or "" for name in container.env)

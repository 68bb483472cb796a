"""Which containers of a tree cannot start without a Secret."""

from collections.abc import Iterator
from dataclasses import dataclass

from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import items, part, value
from aiops.gitops.workloads import Container, pods_made_by


@dataclass(frozen=True, kw_only=True)
class SecretReference:
    """A container that does not start without a Secret."""

    manifest: Manifest
    container: Container
    secret: str
    variable: str
    """That takes its value from it; empty where all keys become variables."""
    path: tuple[str | int, ...]


def needed(declared: Declared) -> Iterator[SecretReference]:
    """Every reference of what applications deploy that is not optional."""
    for manifest in declared.manifests:
        for pods in pods_made_by(manifest.body) if manifest.application else ():
            for container in pods.containers:
                yield from _references(manifest, container)


def _references(manifest: Manifest, container: Container) -> Iterator[SecretReference]:
    named = (
        (name, part(body, "valueFrom", "secretKeyRef"), ("env", name, "valueFrom", "secretKeyRef"))
        for name, body in container.env.items()
    )
    whole = (
        ("", part(body, "secretRef"), ("envFrom", index, "secretRef"))
        for index, body in enumerate(items(container.body, "envFrom"))
    )
    for variable, reference, path in (*named, *whole):
        secret = value(reference, "name")
        if isinstance(secret, str) and value(reference, "optional") is not True:
            yield SecretReference(
                manifest=manifest,
                container=container,
                secret=secret,
                variable=variable,
                path=(*container.path, *path),
            )

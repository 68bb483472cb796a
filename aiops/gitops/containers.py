"""The containers that a tree declares, each with the object and the pods that it is of."""

from collections.abc import Iterator
from typing import NamedTuple

from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.nodes import Place
from aiops.gitops.workloads import KINDS, Container, Pods, pods_made_by


class Placed(NamedTuple):
    """A container in a tree."""

    manifest: Manifest
    pods: Pods
    container: Container

    def __str__(self) -> str:
        return f"container {self.container.name} of {self.manifest}"

    def place(self, declared: Declared, *path: str | int) -> Place:
        """Where a field of the container is written."""
        return declared.place(self.manifest, *self.container.path, *path)

    def argument(self, declared: Declared, *options: str) -> Place:
        """Where the first of these options is written; where its arguments are, where none is."""
        words = [word for word in self.container.body.get("args") or () if isinstance(word, str)]
        found = next((word for word in words if word.partition("=")[0].replace("_", "-") in options), None)
        return self.place(declared, "args", found) if found else self.place(declared, "args")


def containers_of(declared: Declared) -> Iterator[Placed]:
    """Those that serve or work, init containers left out, in the order of applications and files."""
    for manifest in declared.of(*KINDS):
        for pods in pods_made_by(manifest.body):
            yield from (Placed(manifest, pods, each) for each in pods.containers if not each.init)

"""The objects among which connections are looked for: those of a cluster, or those that a tree declares."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from aiops.gitops.parsing import Body
from aiops.judge.labels import selects
from aiops.judge.network.pods import Pod
from aiops.judge.network.policies import Port
from aiops.snapshot import Json, Ref, ref_of


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Plain bodies, each with its namespace in its metadata."""

    objects: tuple[Json, ...]
    pods: tuple[Pod, ...]
    whole: bool
    """What is not there is nowhere: a cluster. A tree's charts hold more."""

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str, str], Json]:
        refs = ((ref_of(body), body) for body in self.objects)
        return {(ref.kind, ref.namespace, ref.name): body for ref, body in refs}

    def of(self, *kinds: str) -> Iterable[Json]:
        """The objects of these kinds."""
        return (body for body in self.objects if body.get("kind") in kinds)

    def find(self, kind: str, namespace: str, name: str) -> Json | None:
        """One object; None where it is not there."""
        return self._by_name.get((kind, namespace, name))

    def selected(self, namespace: str, selector: Body) -> tuple[Pod, ...]:
        """The pods of a namespace that a selector surely selects; of replicas that are the same, one. Templates stand
        for them where none is there: what an admission webhook adds to pods is not in their template."""
        found = [pod for pod in self.pods if pod.namespace == namespace and selects(selector, pod.labels)]
        there = [pod for pod in found if pod.owner.startswith("Pod ")]
        return tuple({pod.key: pod for pod in there or found}.values())


@dataclass(frozen=True, kw_only=True)
class Party:
    """One end of connections."""

    name: str
    """As `Service litellm/litellm`."""
    pods: tuple[Pod, ...]
    """Never empty."""
    label: tuple[str, str] | None = None
    """One by which a rule can name its pods."""
    where: str = ""
    """What one should know of where its pods are."""

    @property
    def namespace(self) -> str:
        """Of its pods."""
        return self.pods[0].namespace


@dataclass(frozen=True, kw_only=True)
class Path:
    """A connection that the platform needs."""

    client: Party
    server: Party
    port: Port
    needed_by: Ref
    """The object that asks for it."""
    what: str
    """Of that object, as `sends requests to Service x/y:80`."""

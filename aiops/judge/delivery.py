"""Which layer of the tree brings a kind: its CustomResourceDefinition, or else resources of its API group.

Charts hide their CRDs from the files, so resources of the group are the second best sign of who brings it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiops.gitops.files import Files
from aiops.gitops.manifests import holds_kind
from aiops.gitops.tree import Tree
from aiops.snapshot import Json

GroupKind = tuple[str, str]
"""(API group, kind)."""


class Brings(Protocol):
    """Knows which layer brings a kind."""

    def layer_within(self, kind: GroupKind) -> str | None:
        """The layer of the profile that holds the CRD."""

    def layer_beyond(self, kind: GroupKind) -> str | None:
        """The layer outside the profile that brings the kind; None: no wider profile would help."""


@dataclass(frozen=True)
class Brought:
    """What was looked up of some kinds before: for a judgement that has no files."""

    within: Mapping[GroupKind, str | None]
    beyond: Mapping[GroupKind, str | None]

    def layer_within(self, kind: GroupKind) -> str | None:
        """The layer of the profile that holds the CRD."""
        return self.within.get(kind)

    def layer_beyond(self, kind: GroupKind) -> str | None:
        """The layer outside the profile that brings the kind; None: no wider profile would help."""
        return self.beyond.get(kind)


@dataclass(frozen=True)
class Delivery:
    """The tree's files, and which of its layers belong to the profile."""

    tree: Tree
    files: Files
    inside: tuple[str, ...]
    """The profile's layers in apply order."""
    beyond: tuple[str, ...]
    """The tree's other layers in apply order: the first that brings a kind is the one to name."""
    _seen: dict[tuple[str, GroupKind], str | None] = field(default_factory=dict, compare=False)
    """What was looked up already: a look through the files costs more than all else of a judgement."""

    def layer_within(self, kind: GroupKind) -> str | None:
        """The layer of the profile that holds the CRD."""
        return self._holding("crd", kind, self.inside)

    def layer_beyond(self, kind: GroupKind) -> str | None:
        """The layer outside the profile that brings the kind; None: no wider profile would help."""
        return self._holding("crd", kind, self.beyond) or self._holding("group", kind, self.beyond)

    def _holding(self, sign: str, kind: GroupKind, layers: tuple[str, ...]) -> str | None:
        return next((layer for layer in layers if self._sign(layer, kind) == sign), None)

    def _sign(self, layer: str, kind: GroupKind) -> str | None:
        if (layer, kind) not in self._seen:
            self._seen[layer, kind] = holds_kind(self.tree, self.files, layer, *kind)
        return self._seen[layer, kind]


def missing_kinds(application: Json, known: frozenset[GroupKind]) -> tuple[GroupKind, ...]:
    """Kinds that the application's manifests use and discovery does not know, each once."""
    resources = application.get("status", {}).get("resources") or ()
    used = dict.fromkeys((each.get("group", ""), each["kind"]) for each in resources)
    return tuple(kind for kind in used if kind not in known)


def words(kinds: tuple[GroupKind, ...]) -> str:
    """`AgentgatewayPolicy (agentgateway.dev)`, several with commas."""
    return ", ".join(f"{kind} ({group})" for group, kind in kinds)

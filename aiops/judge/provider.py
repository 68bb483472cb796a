"""Who provides the nodes."""

from collections.abc import Iterable

from aiops.snapshot import Json

GKE_LABEL = "cloud.google.com/gke-"
"""Of every node of GKE; machines of Google without it are a cluster of one's own."""


def provider_of(node: Json) -> str:
    """The scheme of its spec.providerID, as `gce`; empty where nobody says."""
    scheme, found, _ = str((node.get("spec") or {}).get("providerID") or "").partition("://")
    return scheme if found else ""


def is_gke(nodes: Iterable[Json]) -> bool:
    """One of them is of GKE."""
    return any(
        name.startswith(GKE_LABEL)
        for node in nodes
        if provider_of(node) == "gce"
        for name in node["metadata"].get("labels") or {}
    )

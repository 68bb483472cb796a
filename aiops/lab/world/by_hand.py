"""What the simulated world leaves alone, so that somebody can write by hand what is so."""

from aiops.lab.api.kinds import Json

SIMULATE = "aiops.dev/simulate"
"""Annotation; with "off", neither a kubelet nor an operator touches the object's status."""


def is_by_hand(body: Json) -> bool:
    """Its status is written by hand."""
    return (body["metadata"].get("annotations") or {}).get(SIMULATE) == "off"

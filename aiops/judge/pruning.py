"""What goes with a group application when its ApplicationSet deletes it."""

from collections.abc import Iterable, Mapping

from aiops.snapshot import Json

WORTH_NAMING = ("Deployment", "StatefulSet", "PersistentVolumeClaim", "InferenceService", "Cluster")
"""Kinds whose loss hurts: what runs, and what keeps data."""


def children(application: Json) -> tuple[str, ...]:
    """The names of the applications that one deploys."""
    resources = application.get("status", {}).get("resources") or ()
    return tuple(each["name"] for each in resources if each["kind"] == "Application")


def losses(names: Iterable[str], applications: Mapping[str, Json]) -> tuple[Json, ...]:
    """The workloads and the data of these applications, as their `status.resources` lists them."""
    return tuple(
        each
        for name in names
        if name in applications
        for each in applications[name].get("status", {}).get("resources") or ()
        if each["kind"] in WORTH_NAMING
    )

"""kube-controller-manager, of which most controllers here are a part; and how they make and delete pods."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Objects, Writer
from aiops.lab.api.refusals import Refusal
from aiops.lab.world.events import record

PART = "kube-controller-manager"
MANAGER = Writer(user=f"system:{PART}", manager=PART)


def make_pod(objects: Objects, owner: Json, pod: Json, source: str) -> None:
    """Create a pod, and say so; Refusal, and its words in an event, where that is not possible."""
    try:
        made = objects.create("pods", pod, MANAGER)
    except Refusal as refusal:
        record(objects, owner, "FailedCreate", f"Error creating: {refusal.message}", source=source, kind="Warning")
        raise
    record(objects, owner, "SuccessfulCreate", f"Created pod: {made['metadata']['name']}", source=source)


def delete_pod(objects: Objects, owner: Json, pod: Json, source: str) -> None:
    """Delete a pod, and say so."""
    meta = pod["metadata"]
    objects.delete("pods", meta["name"], meta["namespace"], MANAGER)
    record(objects, owner, "SuccessfulDelete", f"Deleted pod: {meta['name']}", source=source)

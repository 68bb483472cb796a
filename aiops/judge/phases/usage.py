"""Who holds the GPUs of a node, as far as this look knows its pods."""

from aiops.judge.lineage import has_ended
from aiops.judge.model import asks_for_gpu
from aiops.judge.phases.node import allocatable
from aiops.snapshot import Json, ModelLook


def holders(node: Json, look: ModelLook) -> tuple[Json, ...]:
    """The pods that hold its GPUs, those that are ending too: they hold them to their end."""
    name = node["metadata"]["name"]
    return tuple(
        pod for pod in look.pods if pod["spec"].get("nodeName") == name and asks_for_gpu(pod) and not has_ended(pod)
    )


def free(node: Json, look: ModelLook) -> int:
    """Its GPUs that no known pod holds."""
    return allocatable(node) - sum(asks_for_gpu(pod) for pod in holders(node, look))

"""What GPU nodes cost: from the creation of the Node, because that is when its machine is billed from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aiops.gitops.models import ACCELERATOR_LABELS, GPU
from aiops.snapshot import Json, moment

HOUR_S = 3600.0
VENDOR = GPU.partition("/")[0] + "/"
GPU_SIGNS = (*ACCELERATOR_LABELS, "nvidia.com/gpu.present")
"""Labels of a node that has a GPU, before its driver says how many."""


@dataclass(frozen=True, kw_only=True)
class Bill:
    """A GPU node that is being paid for."""

    node: str
    gpu: str
    """Its GPU type, as the node's label spells it; empty where no label tells."""
    age_s: float
    per_hour: float | None
    """None: the config knows no price of it."""

    @property
    def cost(self) -> float | None:
        """So far."""
        return None if self.per_hour is None else self.per_hour * self.age_s / HOUR_S


def is_gpu_node(node: Json) -> bool:
    """It has GPUs, or will have once its driver is there."""
    labels, status = node["metadata"].get("labels") or {}, node.get("status", {})
    taints = (node.get("spec") or {}).get("taints") or ()
    return (
        any(GPU in (status.get(field) or {}) for field in ("capacity", "allocatable"))
        or any(labels.get(sign) not in (None, "false") for sign in GPU_SIGNS)
        or any(taint.get("key") == GPU for taint in taints)
    )


def gpus_of(node: Json) -> int:
    """GPUs that new pods may get."""
    if (node.get("spec") or {}).get("unschedulable") or node["metadata"].get("deletionTimestamp"):
        return 0
    return int((node.get("status", {}).get("allocatable") or {}).get(GPU) or 0)


def offers_gpu(node: Json) -> bool:
    """Its device plugin is there: whole GPUs, shared ones (nvidia.com/gpu.shared) or parts (nvidia.com/mig-1g.5gb)."""
    allocatable = node.get("status", {}).get("allocatable") or {}
    return any(name.startswith(VENDOR) and str(amount) != "0" for name, amount in allocatable.items())


def is_leaving(node: Json) -> bool:
    """It was deleted, or the node autoscaler is taking it away: its machine may go before the Node does."""
    taints = (node.get("spec") or {}).get("taints") or ()
    going = any(taint.get("key") == "ToBeDeletedByClusterAutoscaler" for taint in taints)
    return going or bool(node["metadata"].get("deletionTimestamp"))


def bill_of(node: Json, now: datetime, prices: Mapping[str, float]) -> Bill:
    """What one node has cost until now, by the cluster's clock. `prices`: per GPU type, a node's price for an hour."""
    labels = node["metadata"].get("labels") or {}
    gpu = next((labels[label] for label in ACCELERATOR_LABELS if labels.get(label)), "")
    created = moment(node["metadata"].get("creationTimestamp")) or now
    age_s = max(0.0, (now - created).total_seconds())
    return Bill(node=node["metadata"]["name"], gpu=gpu, age_s=age_s, per_hour=prices.get(gpu))


def bills(nodes: Iterable[Json], now: datetime, prices: Mapping[str, float]) -> tuple[Bill, ...]:
    """Of all GPU nodes, the oldest first."""
    found = (bill_of(node, now, prices) for node in nodes if is_gpu_node(node))
    return tuple(sorted(found, key=lambda bill: -bill.age_s))

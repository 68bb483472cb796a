"""Machine types of clouds: how much memory a node of one has, and the smallest that has so many GPUs.

From https://cloud.google.com/compute/docs/gpus and https://aws.amazon.com/ec2/instance-types. What Google calls a GB is
a GiB (https://cloud.google.com/compute/docs/machine-resource).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """A machine type."""

    name: str
    memory_gib: float
    cpus: int = 0
    """0: not known, and nobody asks; the GPUs likewise."""
    gpus: int = 0


def _series(family: str, gib_per_gpu: float, sizes: Iterable[tuple[int, int]]) -> tuple[Machine, ...]:
    return tuple(Machine(f"{family}-{gpus}g", gib_per_gpu * gpus, cpus, gpus) for gpus, cpus in sizes)


_G2 = tuple(
    Machine(f"g2-standard-{cpus}", cpus * 4.0, cpus, gpus)
    for cpus, gpus in ((4, 1), (8, 1), (12, 1), (16, 1), (24, 2), (32, 1), (48, 4), (96, 8))
)
_GKE: Mapping[str, tuple[Machine, ...]] = {
    "nvidia-l4": _G2,
    "nvidia-tesla-a100": _series("a2-highgpu", 85, ((1, 12), (2, 24), (4, 48), (8, 96))),
    "nvidia-a100-80gb": _series("a2-ultragpu", 170, ((1, 12), (2, 24), (4, 48), (8, 96))),
    "nvidia-h100-80gb": _series("a3-highgpu", 234, ((1, 26), (2, 52), (4, 104), (8, 208))),
}
"""By GKE's label. A T4, V100, P100 or P4 is put into an N1 of any size: that tells nothing."""
ON_GKE = tuple(_GKE)
_SIZED: tuple[tuple[str, float], ...] = (
    (r"n1-standard-(\d+)", 3.75),
    (r"n1-highmem-(\d+)", 6.5),
    (r"[a-z]\d[a-z]?-standard-(\d+)", 4.0),
    (r"[a-z]\d[a-z]?-highmem-(\d+)", 8.0),
    (r"(?:g4dn|g5|g6)\.(\d*)xlarge", 16.0),
    (r"g6e\.(\d*)xlarge", 32.0),
)
"""Families, with the GiB of each unit of what their names count: CPUs, or times an xlarge."""


def smallest(label: str, gpus: int, cpus: float, memory_gib: float) -> Machine | None:
    """The smallest machine of GKE with so many GPUs of a type on which a pod with these requests finds room."""
    found = (each for each in _GKE.get(label, ()) if each.gpus >= gpus)
    fitting = (each for each in found if each.cpus > cpus and each.memory_gib > memory_gib)
    return min(fitting, key=lambda each: each.memory_gib, default=None)


def machine_of(name: str) -> Machine | None:
    """A machine type by its name, as `g2-standard-8`; None for an unknown one."""
    known = next((each for series in _GKE.values() for each in series if each.name == name), None)
    if known is not None:
        return known
    for pattern, gib in _SIZED:
        if found := re.fullmatch(pattern, name):
            return Machine(name, gib * int(found[1] or 1))
    return None

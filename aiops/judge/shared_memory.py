"""The memory that the processes of a container share: /dev/shm, and other volumes that are a tmpfs."""

from collections.abc import Iterator
from fractions import Fraction

from aiops.gitops.parsing import Body, value
from aiops.judge.mounts import SHARED_MEMORY, Mount, mount_of, mounts_of
from aiops.judge.quantity import number_of

ENOUGH = 1 << 30
"""Bytes of /dev/shm below which several GPUs are sure to lack some: NCCL takes hundreds of MiB a process."""


def in_memory(spec: Body, container: Body) -> tuple[Mount, ...]:
    """What of a container's volumes is memory."""
    return tuple(each for each in mounts_of(spec, container) if each.in_memory)


def is_shared_wide(spec: Body, container: Body) -> bool:
    """Its /dev/shm is a volume in memory, or the node's: not the 64 MiB that a container runtime gives, and no disk."""
    found = mount_of(SHARED_MEMORY, mounts_of(spec, container))
    if found is None or found.path != SHARED_MEMORY:
        return bool(value(spec, "hostIPC"))
    size = number_of(value(found.volume, "emptyDir", "sizeLimit"))
    if found.in_memory and size is not None and size < ENOUGH:
        return False
    return found.in_memory or not (found.lost or found.claim)


def limit_of(container: Body) -> Fraction | None:
    """Its memory limit in bytes; None where there is none, or one that cannot be read."""
    return number_of(value(container, "resources", "limits", "memory"))


def over_limit(spec: Body, container: Body) -> Iterator[Mount]:
    """Those of its volumes in memory that alone may be as large as all that it may use."""
    limit = limit_of(container)
    for mount in in_memory(spec, container):
        size = number_of(value(mount.volume, "emptyDir", "sizeLimit"))
        if limit is not None and size is not None and size >= limit:
            yield mount

"""What is mounted into a container, and which of it holds a path."""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from aiops.gitops.parsing import Body, items, value

SHARED_MEMORY = "/dev/shm"  # noqa: S108  where a container's shared memory is


@dataclass(frozen=True)
class Mount:
    """A volume in a container."""

    path: str
    """Where, normalised."""
    name: str
    """Of the volume."""
    volume: Body
    """As the pod declares it; empty for one that a StatefulSet's claim template makes."""
    beneath: str = ""
    """subPath: what of the volume is there."""

    @property
    def claim(self) -> str:
        """The PersistentVolumeClaim behind it; empty where it has none."""
        named = value(self.volume, "persistentVolumeClaim", "claimName")
        return str(named or ("" if self.volume else self.name))

    @property
    def in_memory(self) -> bool:
        """It is a tmpfs: what is written there is memory of whoever writes."""
        return bool(value(self.volume, "emptyDir", "medium") == "Memory")

    @property
    def lost(self) -> bool:
        """It goes with its pod."""
        return "emptyDir" in self.volume

    def holds(self, path: str) -> bool:
        """The path is this one, or beneath it."""
        return is_beneath(path, self.path)


def mounts_of(spec: Body, container: Body) -> tuple[Mount, ...]:
    """All of a container, of a pod's spec."""
    volumes = {volume.get("name"): volume for volume in items(spec, "volumes")}
    return tuple(
        Mount(
            path=posixpath.normpath(str(each.get("mountPath") or "/")),
            name=str(each.get("name") or ""),
            volume=volumes.get(each.get("name"), {}),
            beneath=str(each.get("subPath") or ""),
        )
        for each in items(container, "volumeMounts")
    )


def mount_of(path: str, mounts: Iterable[Mount]) -> Mount | None:
    """The one in which a path is: the deepest of them; None: it is in the image."""
    return max((each for each in mounts if each.holds(path)), key=lambda each: len(each.path), default=None)


def is_beneath(path: str, folder: str) -> bool:
    """Or the folder itself."""
    path, folder = posixpath.normpath(path), posixpath.normpath(folder)
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")

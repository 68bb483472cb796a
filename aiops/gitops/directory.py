"""What an application takes of a folder as plain manifests."""

import posixpath
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Directory:
    """`directory` of a source. One that says anything makes the folder one of plain manifests, whatever else is in it
    (argo-cd v3.5.7 reposerver/repository/repository.go, GetAppSourceType, getPotentiallyValidManifestFile)."""

    recurse: bool = False
    include: str = ""
    exclude: str = ""
    jsonnet: bool = False
    """Files are evaluated that are not read here."""

    def takes(self, path: str) -> bool:
        """A file, by its path from the folder."""
        inside = self.recurse or not posixpath.dirname(path)
        return inside and (not self.include or _matches(path, self.include)) and not _matches(path, self.exclude)


DIRECT = Directory()
"""Nothing is said: the manifests that lie in the folder itself, where it has no kustomization and is no chart."""


def _matches(path: str, pattern: str) -> bool:
    """As Argo CD's globs, whose `*` takes a `/` too, and which know `{a,b}`."""
    if group := re.fullmatch(r"(.*)\{([^{}]*)\}(.*)", pattern):
        return any(_matches(path, f"{group[1]}{each}{group[3]}") for each in group[2].split(","))
    return fnmatchcase(path, pattern)

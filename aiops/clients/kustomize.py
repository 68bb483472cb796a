"""kustomize, as a program: what a kustomization comes to."""

import os
import shutil
import subprocess
from pathlib import Path

from aiops.clients.process import communicate, start
from aiops.clients.wording import one_line
from aiops.errors import CannotTell, Refused

PROGRAMS = (("kustomize", "build"), ("kubectl", "kustomize"))
"""The first that is on the PATH is taken: kubectl's own is older, and takes three times as long to start."""
ABSENT = "neither kustomize nor kubectl is on the PATH"


class Kustomize:
    """The program that was found, in one tree of files. Thread-safe; it reads no cluster and writes nothing."""

    def __init__(self, command: tuple[str, ...], root: Path, *, timeout_s: float) -> None:
        """`root`: the tree's folder; `timeout_s` bounds each rendering."""
        self._command, self._root, self._timeout_s = command, root, timeout_s

    def render(self, folder: str) -> str:
        """The YAML documents of a folder's kustomization; Refused with kustomize's own words, CannotTell when late."""
        process = start([*self._command, "--", folder], {**os.environ, "LC_ALL": "C"}, self._root)
        try:
            out, errors = communicate(process, b"", self._timeout_s)
        except subprocess.TimeoutExpired as late:
            raise CannotTell(
                f"{folder}: kustomize took longer than {self._timeout_s:g} s", "raise timeouts.git"
            ) from late
        if process.returncode:
            words = one_line(errors.decode(errors="replace")).removeprefix("Error: ").removeprefix("error: ")
            raise Refused(f"{folder}: kustomize: {words}", f"{' '.join(self._command)} {folder}")
        return out.decode(errors="replace")


def find(root: Path, *, timeout_s: float) -> Kustomize | None:
    """kustomize for one tree; None where the machine has none."""
    for program, verb in PROGRAMS:
        if path := shutil.which(program):
            return Kustomize((path, verb), root, timeout_s=timeout_s)
    return None

"""aiops as a process of its own, with nothing of this machine's environment."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one document on stdout."""
        return json.loads(self.out)

    @property
    def events(self) -> list[Any]:
        """The lines of `-o jsonl`."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Shell:
    """An operator in a checkout."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def start(
        self, *words: str, stdout: int = subprocess.PIPE, environ: Mapping[str, str] = MappingProxyType({})
    ) -> "subprocess.Popen[str]":
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        return subprocess.Popen(
            [sys.executable, "-m", "aiops", *words],
            cwd=self.folder, env={**kept, "HOME": str(self.folder), **self.environ, **environ},
            stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def finish(self, process: "subprocess.Popen[str]") -> Outcome:
        """What holds of every end is asked here: no traceback."""
        out, err = process.communicate(timeout=60)
        outcome = Outcome(process.returncode, out or "", err)
        assert "Traceback" not in outcome.out + outcome.err, outcome
        return outcome

    def __call__(self, *words: str, environ: Mapping[str, str] = MappingProxyType({})) -> Outcome:
        return self.finish(self.start(*words, environ=environ))

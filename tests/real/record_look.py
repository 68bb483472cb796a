#!/usr/bin/env python3
"""Records what a healthy platform looks like: tests/checks/looks/healthy.json, from which all cases of checks differ.

. env.sh; python -m tests.real.record_look    (from the checkout, on an empty realstack of its own)

What differs from one recording to the next is made the same: times, the commit, the server's port, the folder.
"""

import json
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from tests.scenarios.repository import Repository

LOOK = Path(__file__).resolve().parents[1] / "checks" / "looks" / "healthy.json"
TAKEN = datetime.fromisoformat("2026-11-24T19:16:14+00:00")
RUN, PORT, FOLDER = "20261124T191614-b947", "33657", "/tmp/first"  # noqa: S108 - a name in a recording
COMMIT = "c858e37fe99b86ddf4bf3e28d63b66f933252f10"
TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")


def steady(text: str, folder: str) -> str:
    """The look as every recording of the same platform would have it."""
    look = json.loads(text)
    ago = TAKEN - datetime.fromisoformat(look["taken"])
    for old, new in (
        (look["run"], RUN),
        (look["reads"]["plan"]["commit"], COMMIT),
        (look["reads"]["plan"]["commit"][:8], COMMIT[:8]),
        (look["context"].rpartition(":")[2].rstrip(")"), PORT),
        (folder, FOLDER),
    ):
        text = text.replace(old, new)
    return TIME.sub(lambda match: shifted(match[0], ago), text)


def shifted(time: str, by: timedelta) -> str:
    """A time of the look, as much earlier or later; spelled as it was."""
    moved = datetime.fromisoformat(time) + by
    digits = "microseconds" if "." in time else "seconds"
    return moved.isoformat(timespec=digits).replace("+00:00", "Z" if time.endswith("Z") else "+00:00")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="platform-") as folder:
        work = Repository(Path(folder), "realstack").work
        for words in (
            ("root", "--profile", "full"),
            ("wait", "--profile", "full"),
            ("sync", "vllm-qwen", "coder-fim"),
            ("doctor", "--profile", "full", "--save", str(LOOK)),
        ):
            subprocess.run([sys.executable, "-m", "aiops", *words], cwd=work, check=True)
        LOOK.write_text(steady(LOOK.read_text(), folder))


if __name__ == "__main__":
    main()

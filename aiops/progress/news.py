"""What of a look is new: the one rule that `plain` and `jsonl` share."""

import re
from dataclasses import dataclass

from aiops.progress.events import Looked, Row

HEARTBEAT_S = 30
"""In every period of so many seconds something is said, even where nothing changed."""

_SECONDS = re.compile(r"\b\d+ s\b")


@dataclass(frozen=True)
class News:
    """What one look adds to what was said before."""

    changed: tuple[Row, ...]
    """The rows whose state or detail is new."""
    trouble: str | None
    """The trouble that began or changed; empty where it ended, None where it is as it was."""
    heartbeat: bool
    """It is time for a word on how everything stands: a wait begins, or a period is over."""

    def __bool__(self) -> bool:
        return bool(self.changed) or self.trouble is not None or self.heartbeat


class Memory:
    """What was said of the wait that is going on; another wait starts afresh."""

    def __init__(self, what: str = "") -> None:
        self._what = what
        self._elapsed_s, self._period = 0.0, -1.0
        self._rows: dict[str, tuple[str, str]] = {}
        self._trouble = ""

    def news(self, looked: Looked) -> News:
        """What is new since the last look. Heartbeats follow `elapsed_s` in fixed periods, so they do not drift."""
        if looked.what != self._what or looked.elapsed_s < self._elapsed_s:
            self.__init__(looked.what)
        changed = tuple(row for row in looked.rows if self._rows.get(row.name) != (row.state, row.detail))
        self._rows.update((row.name, (row.state, row.detail)) for row in changed)
        before, self._period = self._period, looked.elapsed_s // HEARTBEAT_S
        self._elapsed_s = looked.elapsed_s
        return News(changed=changed, trouble=self._new_trouble(looked.trouble), heartbeat=self._period > before)

    def _new_trouble(self, trouble: str) -> str | None:
        """A trouble's text counts its own seconds; that alone is no news."""
        known, self._trouble = self._trouble, _SECONDS.sub("", trouble)
        return None if self._trouble == known else trouble

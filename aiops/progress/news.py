"""What of a look is new: the one rule that `plain` and `jsonl` share."""

import re
from dataclasses import dataclass

from aiops.progress.events import Looked, Row

HEARTBEAT_S = 30
"""In every period of so many seconds something is said, even where nothing changed."""


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


def news(before: Looked | None, looked: Looked) -> News:
    """What `looked` adds to the look before it; a look of another wait is compared with nothing.

    Heartbeats fall into fixed periods of `elapsed_s`, so they do not drift however the looks fall.
    """
    if before is None or before.what != looked.what or looked.elapsed_s < before.elapsed_s:
        known, trouble, period = {}, "", -1.0
    else:
        known = {row.name: (row.state, row.detail) for row in before.rows}
        trouble, period = before.trouble, before.elapsed_s // HEARTBEAT_S
    return News(
        changed=tuple(row for row in looked.rows if known.get(row.name) != (row.state, row.detail)),
        trouble=None if _timeless(looked.trouble) == _timeless(trouble) else looked.trouble,
        heartbeat=looked.elapsed_s // HEARTBEAT_S > period,
    )


def _timeless(trouble: str) -> str:
    """A trouble's text counts its own seconds; that alone is no news."""
    return re.sub(r"\b\d+ s\b", "", trouble)

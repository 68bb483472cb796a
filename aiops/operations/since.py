"""For how long a row has been as it is."""

from dataclasses import replace

from aiops import clock
from aiops.progress.events import Row


class Since:
    """Remembers when each row came to its state and detail."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, float]] = {}

    def stamp(self, row: Row) -> Row:
        """The row with `since_s`."""
        now, look = clock.monotonic(), f"{row.state}: {row.detail}"
        before, at = self._seen.get(row.name, ("", now))
        self._seen[row.name] = (look, at if before == look else now)
        return replace(row, since_s=now - self._seen[row.name][1])

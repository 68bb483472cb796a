"""The lab's one clock, which may run faster than this machine's."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Begins at this machine's time, and runs `speed` times as fast; all times of the lab are its seconds."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self.zero, self._began = datetime.now(UTC), time.monotonic()

    def elapsed(self) -> float:
        """Seconds since it began."""
        return (time.monotonic() - self._began) * self.speed

    def now(self) -> datetime:
        """The time, aware, UTC."""
        return self.zero + timedelta(seconds=self.elapsed())

    def stamp(self, ago_s: float = 0.0) -> str:
        """The time as Kubernetes writes it in objects, to the second."""
        return written(self.now() - timedelta(seconds=ago_s))

    def since(self, stamp: str) -> float:
        """Seconds that have passed since a time as Kubernetes writes it."""
        return (self.now() - parse(stamp)).total_seconds()

    async def sleep(self, seconds: float) -> None:
        """Let so many of its seconds pass."""
        await asyncio.sleep(seconds / self.speed)


def written(moment: datetime) -> str:
    """A time as Kubernetes writes it, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(stamp: str) -> datetime:
    """A time as Kubernetes writes it."""
    return datetime.fromisoformat(stamp)

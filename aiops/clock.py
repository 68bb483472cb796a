"""The time of the platform: this machine's, or a lab's, whose clock may run faster.

Deadlines, ages and timelines are measured by it. What bounds a socket or a program stays with this machine's `time`.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, kw_only=True)
class Pace:
    """When a clock showed the same time as this machine's, and how many of its seconds pass in one of ours."""

    began: datetime
    speed: float


OURS = Pace(began=datetime.fromtimestamp(0, UTC), speed=1.0)
_pace = OURS
_turned = (0.0, 0.0)
"""What time.monotonic and `monotonic` showed when the pace changed: a duration may begin before it."""


def follow(pace: Pace) -> None:
    """Measure by this clock from now on, in the whole process."""
    global _pace, _turned
    if pace == _pace:
        return
    _turned = (time.monotonic(), monotonic())
    _pace = pace


def monotonic() -> float:
    """Seconds since some moment, for durations."""
    here, there = _turned
    return there + (time.monotonic() - here) * _pace.speed


def now() -> datetime:
    """The time, aware, UTC."""
    return _pace.began + (datetime.now(UTC) - _pace.began) * _pace.speed


def real(seconds: float) -> float:
    """How many of this machine's seconds that takes."""
    return seconds / _pace.speed

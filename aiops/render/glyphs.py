"""The signs of the screen, each with what stands in for it where the stream takes ASCII only."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiops.progress.events import Level, State


@dataclass(frozen=True)
class Glyph:
    """A sign, its two ASCII characters, and its colour: colour says state and nothing else."""

    sign: str
    ascii: str
    style: str = ""


NONE = Glyph(" ", "  ")
GOOD = Glyph("✔", "ok", "green")
BAD = Glyph("✗", "xx", "red")
UNSURE = Glyph("◎", "..", "yellow")
WARNING = Glyph("!", "!!", "yellow")
PAUSED = Glyph("‖", "||", "green")
BY_HAND = Glyph("○", "--")
HUSHED = Glyph("~", "~~")
LATER = Glyph("◌", "~~", "yellow")
INFO = Glyph("·", "--")
NEXT = Glyph("→", "->")

STATES: Mapping[State, Glyph] = {
    "hopeless": BAD,
    "waiting": UNSURE,
    "deferred": LATER,
    "suspended": PAUSED,
    "ahead": LATER,
    "manual": BY_HAND,
    "settled": GOOD,
}
"""In the order in which an operator wants to read of them."""

LEVELS: Mapping[Level, Glyph] = {"info": INFO, "done": GOOD, "warn": WARNING}


def verdict(exit_code: int, warnings: int) -> Glyph:
    """The sign of an exit code: done; a no, or wrong use; or an end that says neither yes nor no."""
    if exit_code == 0:
        return WARNING if warnings else GOOD
    return BAD if exit_code in (1, 2, 3) else UNSURE

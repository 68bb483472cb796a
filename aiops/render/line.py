"""The one thing that `render` puts on a screen: a line with a sign before it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import TypeVar

from rich.console import Console, ConsoleOptions
from rich.text import Text

from aiops.progress.events import printable
from aiops.render.glyphs import NEXT, NONE, Glyph

Shown = TypeVar("Shown")
PROGRAMS = ("aiops", "kubectl", "git", "argocd", "grep", "ls", "pip", "timedatectl")
"""With what begins what can be pasted."""
_QUOTED = re.compile("`[^`]*`")
_KEPT = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True)
class Line:
    """Words beneath their sign. Only a terminal wraps them, at spaces alone: URLs, paths and `commands` stay whole."""

    words: str = ""
    glyph: Glyph = NONE
    indent: int = 0
    style: str = ""
    hang: int = 0
    """How much deeper a terminal's further lines begin: the width of a first column."""
    command: bool = False
    """To be copied: not even a terminal's width breaks it."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        sign = self.glyph.ascii if options.ascii_only else self.glyph.sign
        lead = Text.assemble(" " * self.indent, (sign, self.glyph.style), " ")
        for number, words in enumerate(self._parts(options.max_width - lead.cell_len, console.is_terminal)):
            line = (Text(" " * (lead.cell_len + self.hang)) if number else lead) + Text(words, self.style)
            line.rstrip()
            yield line

    def _parts(self, room: int, terminal: bool) -> Sequence[str]:
        words = printable(self.words)
        if self.command or not terminal or room <= 0:
            return [words]
        words = _QUOTED.sub(lambda quoted: quoted[0].replace(" ", _KEPT), words)
        parts = wrap(
            words, room, subsequent_indent=" " * self.hang, break_long_words=False, break_on_hyphens=False
        )  # fmt: skip
        parts = [part[self.hang :] if number else part for number, part in enumerate(parts)]
        return [part.replace(_KEPT, " ") for part in parts] or [""]


def cure(words: str, indent: int = 0) -> Line:
    """What to do next: a command on one line, whatever the width; a sentence is wrapped."""
    return Line(words, NEXT, indent=indent, command=words.split(" ", 1)[0] in PROGRAMS)


def block(text: str, glyph: Glyph = NONE, indent: int = 0) -> Iterator[Line]:
    """Text of several lines, the sign before the first."""
    for number, words in enumerate(text.splitlines()):
        yield Line(words, NONE if number else glyph, indent)


def apart(lines: Iterable[Shown]) -> Iterator[Line | Shown]:
    """The lines, if there are any, after an empty one."""
    for number, line in enumerate(lines):
        if not number:
            yield Line()
        yield line

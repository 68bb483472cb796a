"""The one place that asks what a stream can show, and makes the Console for it."""

import io
from collections.abc import Mapping
from typing import TextIO

from rich.console import Console


def is_terminal(file: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether the stream is a terminal that can be drawn on: TERM=dumb cannot."""
    return file.isatty() and environ.get("TERM", "") not in ("dumb", "unknown")


class Screen(Console):
    """A Console that lets a broken pipe be told from a bug: rich itself would exit 1."""

    def on_broken_pipe(self) -> None:
        """Called while the BrokenPipeError is being handled."""
        raise


def console(file: TextIO, environ: Mapping[str, str]) -> Console:
    """A Console for the stream, that takes every text as it is: no markup, no emoji codes, no highlighting,
    and nothing cut or wrapped.

    Off a terminal it writes no escape sequence; with NO_COLOR (https://no-color.org: set and not empty) it uses
    no style at all. What the stream's encoding lacks is replaced, never an error; LC_ALL=C asks for ASCII.
    """
    if isinstance(file, io.TextIOWrapper):
        # By itself Python writes UTF-8 in the C locale (PEP 540).
        encoding = "ascii" if environ.get("LC_ALL") in ("C", "POSIX") else file.encoding
        file.reconfigure(encoding=encoding, errors="replace")
    terminal = is_terminal(file, environ)
    return Screen(
        file=file,
        force_terminal=terminal,
        color_system="standard" if terminal and not environ.get("NO_COLOR") else None,
        soft_wrap=True,
        markup=False,
        emoji=False,
        highlight=False,
    )

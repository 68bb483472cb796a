"""Streams to render on: what `console` makes of each."""

import io
import os
from collections.abc import Iterable, Mapping

from rich.console import RenderableType

from aiops.cli.terminal import console


class Stream(io.TextIOWrapper):
    """A stream over bytes, that may call itself a terminal."""

    def __init__(self, encoding: str = "utf-8", *, terminal: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


def shown(renderables: Iterable[RenderableType], stream: Stream, environ: Mapping[str, str] | None = None) -> str:
    """What the stream holds once these were printed."""
    screen = console(stream, environ or {"TERM": "xterm"})
    if stream.terminal:
        screen.width = 80
    for each in renderables:
        screen.print(each)
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode(stream.encoding).replace(os.linesep, "\n")

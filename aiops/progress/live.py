"""On a terminal: one calm picture of the wait, redrawn in place, and gone at the end."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from aiops.progress.events import Event, Level, Looked, Report, StageEnded
from aiops.progress.picture import picture
from aiops.progress.said import said

STYLES: Mapping[Level, str] = {"info": "", "done": "green", "warn": "yellow"}


@contextmanager
def live(console: Console) -> Iterator[Report]:
    """A listener that draws on a terminal until the context ends, however it ends; then the cursor is back.

    What is said goes above the picture and stays; the picture comes with the first look and goes with its stage.
    No other thread draws: each look does.
    """
    with ExitStack() as drawing:
        display: Live | None = None

        def report(event: Event) -> None:
            nonlocal display
            if isinstance(event, Looked):
                display = display or drawing.enter_context(_display(console))
                display.update(picture(event, console), refresh=True)
            elif isinstance(event, StageEnded):
                drawing.close()
                display = None
            for line, level in said(event):
                console.print(Text(line, STYLES[level]))

        yield report


def _display(console: Console) -> Live:
    """sys.stdout is left alone: it may be a pipe that takes a document while this draws on stderr."""
    return Live(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)

"""On a terminal: one calm picture of the wait, redrawn in place, and gone at the end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

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

    What is said goes above the picture and stays. No other thread draws: each look does.
    """
    # sys.stdout is left alone: it may be a pipe that takes a document while this draws on stderr.
    with Live(
        console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False
    ) as display:

        def report(event: Event) -> None:
            if isinstance(event, Looked):
                display.update(picture(event, console), refresh=True)
            elif isinstance(event, StageEnded):
                display.update("", refresh=True)
            for line, level in said(event):
                console.print(Text(line, STYLES[level]))

        yield report

"""Who hears what happens in a run."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING

from aiops.cli.showing import screen_of, write_line
from aiops.progress.events import Event, Looked, Planned, Report, Said

if TYPE_CHECKING:
    from rich.console import Console

Listener = Callable[[str, str], AbstractContextManager[Report]]
"""Of a form of output and a run's id."""


@contextmanager
def hear_run(output: str, run: str) -> Iterator[Report]:
    """Who hears a run: the journal, and people on stdout, or on stderr where stdout is for a program."""
    from aiops.progress.journal import journal
    from aiops.progress.jsonl import jsonl
    from aiops.progress.remembered import runs_folder

    screen = screen_of(output)
    with journal(runs_folder(), run) as record, _people(screen) as tell:
        listeners = (record, *((jsonl(write_line),) if output == "jsonl" else ()), tell)

        def each(event: Event) -> None:
            for listen in listeners:
                listen(event)

        yield each
    if record.trouble:
        from aiops.cli.terminal import console

        console(sys.stderr, os.environ).print(f"warning: {record.trouble}")


@contextmanager
def hear_question(output: str, _run: str) -> Iterator[Report]:
    """Who hears a question: somebody at a terminal, on stderr, while it takes long."""
    from aiops.cli.terminal import console
    from aiops.progress.live import live

    screen = console(sys.stderr, os.environ)
    with live(screen) if screen.is_terminal else nullcontext(_unheard) as tell:
        yield lambda event: tell(event) if isinstance(event, Looked | Said) else None


@contextmanager
def hear_watch(_output: str, _run: str) -> Iterator[Report]:
    """Who hears a watch: a terminal that is painted anew, or a log."""
    from rich.console import Group
    from rich.live import Live

    from aiops.progress.results import Changed, Watched
    from aiops.progress.said import said
    from aiops.render.watching import news, page

    screen = screen_of("table")
    history: list[Changed] = []
    looks = 0
    with ExitStack() as painting:
        display: Live | None = None

        def report(event: Event) -> None:
            nonlocal looks, display
            if isinstance(event, Said):  # of a login, before the first look
                screen.print(*(line for line, _ in said(event)), sep="\n")
            if not isinstance(event, Watched):
                return
            history.extend(event.changes)
            if screen.is_terminal:
                display = display or painting.enter_context(Live(console=screen, screen=True, auto_refresh=False))
                display.update(Group(*page(event, history)), refresh=True)
            else:
                for line in news(event, first=not looks):
                    screen.print(line)
            looks += 1

        yield report


def _unheard(_: Event) -> None:
    """Nobody."""


@contextmanager
def _people(screen: "Console") -> Iterator[Report]:
    """A live view on a terminal, lines elsewhere; a plan is shown in full on both."""
    from aiops.progress.live import live
    from aiops.progress.plain import plain
    from aiops.render.text import lines

    with live(screen) if screen.is_terminal else nullcontext(plain(lambda text: screen.print(text))) as tell:

        def report(event: Event) -> None:
            if isinstance(event, Planned):
                screen.print(*lines(event), sep="\n")
            else:
                tell(event)

        yield report

"""Runs one operation: who listens to it, how its result is shown, and what its exit code is."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from aiops.errors import AiopsError, Interrupted
from aiops.progress.events import Event, Failed, Planned, Report, Result, RunStarted

if TYPE_CHECKING:
    from rich.console import Console

    from aiops.session import Session


@dataclass(frozen=True)
class Options:
    """The options that every command takes."""

    config: str | None
    context: str | None
    kubeconfig: str | None
    output: str


def execute(options: Options, operation: Callable[["Session"], Result]) -> NoReturn:
    """Run the operation, show its result, end with its exit code."""
    from aiops.session import Session, new_run

    started = RunStarted(run=new_run(), command=" ".join(sys.argv[1:]))
    began = time.monotonic()
    signal.signal(signal.SIGTERM, _terminate)
    with _listener(options.output) as report:
        report(started)
        session = Session(
            environ=dict(os.environ),
            folder=Path.cwd(),
            report=report,
            config_option=options.config,
            context_option=options.context,
            kubeconfig=options.kubeconfig,
            ask=_ask if options.output == "text" and sys.stdin.isatty() and sys.stderr.isatty() else None,
            run=started.run,
        )
        result = _result(operation, session)
        report(result)
    _show(options.output, result, started, time.monotonic() - began)
    raise click.exceptions.Exit(result.exit_code)


def _result(operation: Callable[["Session"], Result], session: "Session") -> Result:
    """The operation's result, or the error it ended with as one. A bug passes through."""
    try:
        return operation(session)
    except AiopsError as error:
        return _failed(error)
    except KeyboardInterrupt:
        return _failed(Interrupted())


def _failed(error: AiopsError) -> Failed:
    return Failed(kind=type(error).__name__, summary=error.message, hint=error.hint, exit_code=error.exit_code)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted(143)


def _ask(question: str) -> bool:
    return click.confirm(question, default=False, err=True)


@contextmanager
def _listener(output: str) -> Iterator[Report]:
    """Who hears the events: people's text goes to stdout, or to stderr where stdout is for a program."""
    from aiops.progress.jsonl import jsonl

    with _people(_screen(output)) as tell:
        if output != "jsonl":
            yield tell
            return
        write = jsonl(_write_line)

        def both(event: Event) -> None:
            write(event)
            tell(event)

        yield both


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


def _show(output: str, result: Result, started: RunStarted, seconds: float) -> None:
    """The result: for people, and as the one document of `-o json`."""
    from aiops.render.document import document, dumps
    from aiops.render.text import lines

    screen = _screen(output)
    for line in lines(result):
        screen.print(line)
    if output == "json":
        _write_line(dumps(document(result, started, seconds)))


def _screen(output: str) -> "Console":
    from aiops.cli.terminal import console

    return console(sys.stdout if output == "text" else sys.stderr, os.environ)


def _write_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

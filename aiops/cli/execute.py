"""Runs one operation: who listens to it, how its result is shown, and what its exit code is."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from aiops.errors import AiopsError, Interrupted
from aiops.progress.events import Failed, Report, Result, RunStarted

if TYPE_CHECKING:
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
        return Failed(kind=type(error).__name__, summary=error.message, hint=error.hint, exit_code=error.exit_code)
    except KeyboardInterrupt:
        error = Interrupted()
        return Failed(kind="Interrupted", summary=error.message, hint=error.hint, exit_code=error.exit_code)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Interrupted(143)


def _ask(question: str) -> bool:
    return click.confirm(question, default=False, err=True)


@contextmanager
def _listener(output: str) -> Iterator[Report]:
    """Who hears the events: people's text goes to stdout, or to stderr where stdout is for a program."""
    from aiops.cli.terminal import console
    from aiops.progress.jsonl import jsonl

    people = sys.stdout if output == "text" else sys.stderr
    screen = console(people, os.environ)
    with _people(screen) as listen:
        if output != "jsonl":
            yield listen
            return
        events = jsonl(_line)

        def both(event: object) -> None:
            events(event)  # type: ignore[arg-type]
            listen(event)  # type: ignore[arg-type]

        yield both


def _line(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()

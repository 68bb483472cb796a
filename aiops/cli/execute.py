"""Runs one operation: who listens to it, how its result is shown, and what its exit code is."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from aiops.errors import AiopsError, Interrupted, WrongUse
from aiops.progress.events import Event, Failed, Paid, Planned, Report, Result, RunStarted

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


class Terminated(KeyboardInterrupt):
    """SIGTERM. Like Ctrl-C no Exception, so that nothing which handles errors swallows it."""

    exit_code = 143


def execute(options: Options, operation: Callable[["Session"], Result]) -> NoReturn:
    """Run the operation, show its result, end with its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run(options, operation)
    except BrokenPipeError:  # the reader of a pipe has gone, as in `aiops wait | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    raise click.exceptions.Exit(code)


def _run(options: Options, operation: Callable[["Session"], Result]) -> int:
    """Its exit code; a bug is shown, then raised."""
    from aiops.session import new_run

    started = RunStarted(run=new_run(), command=" ".join(sys.argv[1:]))
    target, paid = "", tuple[Paid, ...]()
    began = time.monotonic()
    with _listener(options.output) as report:
        report(started)

        def work() -> Result:
            nonlocal target, paid
            session = _session(options, report, started.run)
            try:
                return operation(session)
            finally:
                target, paid = session.target, tuple(session.paying.values())

        result, bug = _result(work)
        result = replace(result, paid=paid)
        report(result)
    started = replace(started, context=target)
    show(options.output, _screen(options.output, result), result, started, time.monotonic() - began)
    if bug is not None:
        raise bug
    return result.exit_code


def _session(options: Options, report: Report, run: str) -> "Session":
    from aiops.session import Session

    terminal = options.output == "text" and sys.stdin.isatty() and sys.stderr.isatty()
    return Session(
        environ=dict(os.environ),
        folder=_working_folder(),
        report=report,
        config_option=options.config,
        context_option=options.context,
        kubeconfig=options.kubeconfig,
        ask=_ask if terminal else None,
        run=run,
    )


def _working_folder() -> Path:
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise WrongUse("the working folder is gone: it was deleted or moved", "cd to a folder that exists") from error


def _result(work: Callable[[], Result]) -> tuple[Result, Exception | None]:
    """The work's result, or the error it ended with as one; a bug beside it, to be raised once it is told."""
    try:
        return work(), None
    except AiopsError as error:
        return _failed(error), None
    except KeyboardInterrupt as stop:
        return _failed(Interrupted(getattr(stop, "exit_code", 130))), None
    except Exception as bug:  # noqa: BLE001 - raised by the caller
        words = f"a bug in aiops: {type(bug).__name__}: {bug}"
        return Failed(kind=type(bug).__name__, summary=words, hint="report it with its traceback", exit_code=1), bug


def _failed(error: AiopsError) -> Failed:
    """An error as a result."""
    return Failed(kind=type(error).__name__, summary=error.message, hint=error.hint, exit_code=error.exit_code)


def _terminate(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Terminated


def _ask(question: str) -> bool:
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        raise KeyboardInterrupt from None


@contextmanager
def _listener(output: str) -> Iterator[Report]:
    """Who hears the events: people's text goes to stdout, or to stderr where stdout is for a program."""
    from aiops.progress.jsonl import jsonl

    with _people(_screen(output)) as tell:
        if output != "jsonl":
            yield tell
            return
        write = jsonl(write_line)

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


def show(output: str, screen: "Console", result: Result, started: RunStarted, seconds: float) -> None:
    """The result: for people on the screen, and as the one document of `-o json`."""
    from aiops.render.document import document, dumps
    from aiops.render.text import lines

    for line in lines(result):
        screen.print(line)
    if output == "json":
        write_line(dumps(document(result, started, seconds)))


def _screen(output: str, result: Result | None = None) -> "Console":
    """Where people read: stdout, but stderr for an error, and for everything where stdout is for a program."""
    from aiops.cli.terminal import console

    error = output != "text" or isinstance(result, Failed)
    return console(sys.stderr if error else sys.stdout, os.environ)


def write_line(text: str) -> None:
    """For a program: on stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

"""Runs one operation: who listens to it, how its result is shown, and what its exit code is."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from aiops.errors import AiopsError, Interrupted, WrongUse
from aiops.progress.events import Event, Failed, Looked, Paid, Planned, Report, Result, RunStarted
from aiops.progress.results import Diagnosed

if TYPE_CHECKING:
    from rich.console import Console

    from aiops.session import Session


FOR_PEOPLE = ("text", "table")


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


Operation = Callable[["Session"], Result]
Listener = Callable[[str, str], AbstractContextManager[Report]]
"""Of a form of output and a run's id: who hears its events."""


def execute(options: Options, operation: Operation) -> NoReturn:
    """A run, which changes or waits for something: told as it goes, kept in the journal. Ends with its exit code."""
    _end(options, operation, _listener)


def answer(options: Options, operation: Operation) -> NoReturn:
    """A question, which changes nothing: its result alone is shown. Ends with its exit code."""
    _end(options, operation, _quiet)


def _end(options: Options, operation: Operation, listener: Listener) -> NoReturn:
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run(options, operation, listener)
    except BrokenPipeError:  # the reader of a pipe has gone, as in `aiops wait | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    raise click.exceptions.Exit(code)


def _run(options: Options, operation: Operation, listener: Listener) -> int:
    """Its exit code; a bug is shown, then raised."""
    from aiops.session import new_run

    started = RunStarted(run=new_run(), command=" ".join(sys.argv[1:]))
    target, paid = "", tuple[Paid, ...]()
    began = time.monotonic()
    with listener(options.output, started.run) as report:
        report(started)

        def work() -> Result:
            nonlocal target, paid
            session = _session(options, report, started)
            try:
                return operation(session)
            finally:
                target, paid = session.target, tuple(session.paying.values())

        result, bug = _result(work)
        result = replace(result, paid=paid)
        report(result)
    seconds = time.monotonic() - began
    if isinstance(result, Diagnosed):  # told as by the run that took the look, however old that is
        started, seconds = result.origin, result.seconds
    else:
        started = replace(started, context=target)
    show(options.output, _screen(options.output, result), result, started, seconds)
    if bug is not None:
        raise bug
    return result.exit_code


def _session(options: Options, report: Report, started: RunStarted) -> "Session":
    from aiops.session import Session

    terminal = options.output in FOR_PEOPLE and sys.stdin.isatty() and sys.stderr.isatty()
    return Session(
        environ=dict(os.environ),
        folder=_working_folder(),
        report=report,
        config_option=options.config,
        context_option=options.context,
        kubeconfig=options.kubeconfig,
        ask=_ask if terminal else None,
        run=started.run,
        command=started.command,
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
def _listener(output: str, run: str) -> Iterator[Report]:
    """Who hears a run: the journal, and people on stdout, or on stderr where stdout is for a program."""
    from aiops.progress.journal import journal
    from aiops.progress.jsonl import jsonl
    from aiops.progress.remembered import runs_folder

    screen = _screen(output)
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
def _quiet(output: str, _run: str) -> Iterator[Report]:
    """Who hears a question: somebody at a terminal, on stderr, while it takes long."""
    from aiops.cli.terminal import console
    from aiops.progress.live import live

    screen = console(sys.stderr, os.environ)
    with live(screen) if screen.is_terminal else nullcontext(_unheard) as tell:
        yield lambda event: tell(event) if isinstance(event, Looked) else None


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


def show(output: str, screen: "Console", result: Result, started: RunStarted, seconds: float) -> None:
    """The result: for people on the screen, and for a program as the one document that `-o` asks for."""
    from aiops.render.text import lines

    for line in lines(result):
        screen.print(line)
    if output == "json":
        from aiops.render.document import document, dumps

        write_line(dumps(document(result, started, seconds)))
    elif output == "junit":
        from aiops.render.junit import junit

        write_line(junit(result, seconds))
    elif output == "github":
        from aiops.render.github import commands

        for command in commands(result):
            write_line(command)


def _screen(output: str, result: Result | None = None) -> "Console":
    """Where people read: stdout, but stderr for an error, and for everything where stdout is for a program."""
    from aiops.cli.terminal import console

    error = output not in FOR_PEOPLE or isinstance(result, Failed)
    return console(sys.stderr if error else sys.stdout, os.environ)


def write_line(text: str) -> None:
    """For a program: on stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

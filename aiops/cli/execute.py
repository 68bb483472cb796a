"""Runs one operation, and ends with its exit code."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import click

from aiops import clock
from aiops.cli.listening import Listener, hear_question, hear_run, hear_watch
from aiops.cli.showing import FOR_PEOPLE, screen_of, show
from aiops.errors import AiopsError, Interrupted, WrongUse
from aiops.progress.events import Failed, Paid, Report, Result, RunStarted
from aiops.progress.results import Diagnosed

if TYPE_CHECKING:
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


Operation = Callable[["Session"], Result]


def execute(options: Options, operation: Operation, where: str = "") -> NoReturn:
    """A run, which changes or waits for something: told as it goes, kept in the journal. Ends with its exit code.

    `where`: on which cluster, where that is known before anything else.
    """
    _end(options, operation, hear_run, where)


def answer(options: Options, operation: Operation) -> NoReturn:
    """A question, which changes nothing: its result alone is shown. Ends with its exit code."""
    _end(options, operation, hear_question, "")


def watch(options: Options, operation: Operation) -> NoReturn:
    """A question that is put again and again. Ends with its exit code."""
    _end(options, operation, hear_watch, "")


def _end(options: Options, operation: Operation, listener: Listener, where: str) -> NoReturn:
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = _run(options, operation, listener, where)
    except BrokenPipeError:  # the reader of a pipe has gone, as in `aiops wait | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    raise click.exceptions.Exit(code)


def _run(options: Options, operation: Operation, listener: Listener, where: str) -> int:
    """Its exit code; a bug is shown, then raised."""
    from aiops.session import new_run

    started = RunStarted(run=new_run(), command=" ".join(sys.argv[1:]), context=where)
    target, paid = "", tuple[Paid, ...]()
    began = clock.monotonic()
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
    seconds = clock.monotonic() - began
    if isinstance(result, Diagnosed):  # told as by the run that took the look, however old that is
        started, seconds = result.origin, result.seconds
    else:
        started = replace(started, context=target)
    show(options.output, screen_of(options.output, result), result, started, seconds)
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

"""A wrong command line, told like every other failure: one line, a hint, exit 2, and what `-o json` promises."""

import os
import sys

import click

from aiops.cli.showing import show, write_line
from aiops.errors import WrongUse
from aiops.progress.events import Failed, RunStarted


def refuse(error: click.ClickException) -> int:
    """Say what is wrong in the form that the command line asks for, people's text on stderr; the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    from aiops.cli.terminal import console
    from aiops.progress.jsonl import jsonl
    from aiops.session import new_run

    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "aiops"
    started = RunStarted(run=new_run(), command=" ".join(sys.argv[1:]))
    hint, code = f"`{command} --help` tells more", WrongUse.exit_code
    result = Failed(kind=WrongUse.__name__, summary=error.format_message(), hint=hint, exit_code=code)
    output = _output(context)
    if output == "jsonl":
        for event in (started, result):
            jsonl(write_line)(event)
    show(output, console(sys.stderr, os.environ), result, started, 0.0)
    return code


def _output(context: click.Context | None) -> str:
    """What `-o` asks for, as far as the command line can be read."""
    if context is None or context.parent is None:
        return "text"
    again = context.command.make_context(
        context.info_name, sys.argv[2:], resilient_parsing=True, ignore_unknown_options=True, allow_extra_args=True
    )
    return str(again.params.get("output") or "text")

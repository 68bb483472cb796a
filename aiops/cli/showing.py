"""How a result is shown: to people on the screen, and to a program on stdout."""

import os
import sys
from typing import TYPE_CHECKING

from aiops.progress.events import Failed, Result, RunStarted
from aiops.progress.results import Diagnosed

if TYPE_CHECKING:
    from rich.console import Console

FOR_PEOPLE = ("text", "table", "short")
"""Forms of output whose stdout is for people."""


def show(output: str, screen: "Console", result: Result, started: RunStarted, seconds: float) -> None:
    """The result: for people on the screen, and for a program as the one document that `-o` asks for."""
    from aiops.render.diagnosis import shortened
    from aiops.render.text import lines

    shown = shortened(result) if output == "short" and isinstance(result, Diagnosed) else result
    for line in lines(shown):
        screen.print(line)
    if output == "json":
        from aiops.render.document import document, dumps

        write_line(dumps(document(result, started, seconds)))
    elif output == "junit":
        from aiops.render.junit import junit

        write_line(junit(result, seconds))
    elif output == "sarif":
        from aiops.render.sarif import sarif

        write_line(sarif(result))
    elif output == "github":
        from aiops.render.github import commands

        for command in commands(result):
            write_line(command)


def screen_of(output: str, result: Result | None = None) -> "Console":
    """Where people read: stdout, but stderr for an error, and for everything where stdout is for a program."""
    from aiops.cli.terminal import console

    error = output not in FOR_PEOPLE or isinstance(result, Failed)
    return console(sys.stderr if error else sys.stdout, os.environ)


def write_line(text: str) -> None:
    """For a program: on stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()

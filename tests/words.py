"""Command lines that documents and findings name: do they exist?"""

import click

from aiops.cli import cli


def parse(words: list[str]) -> None:
    """Parse the words after `aiops`; click's own error, or KeyError for a command that is not there.

    In the context of the group, as a run does: a command keeps the names of its help option from the first time.
    """
    found = cli.commands[words[0]]
    with click.Context(cli, **cli.context_settings) as group, click.Context(found, parent=group) as context:
        found.parse_args(context, words[1:])

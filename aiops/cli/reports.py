"""Commands that tell what is known already: they need no config and no cluster."""

from typing import TYPE_CHECKING

import click

from aiops.cli.options import output_option

if TYPE_CHECKING:
    from aiops.cli.execute import Options

report_option = output_option(["text", "json"], "text for people; one json document on stdout.")


@click.command("history")
@click.argument("run", metavar="[RUN]", required=False)
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, metavar="N", help="At most so many runs."
)
@report_option
def history_command(run: str | None, limit: int, output: str) -> None:
    """Tell what was done on this machine.

    RUN is the id of one run, the beginning of it, or `last`: that run again, as it was seen.
    """
    from aiops.cli.execute import answer
    from aiops.operations.history import history
    from aiops.progress.remembered import runs_folder

    answer(_options(output), lambda _: history(runs_folder(), run, limit=limit))


@click.command("runbook")
@click.argument("slug", metavar="[SLUG]", required=False)
@report_option
def runbook_command(slug: str | None, output: str) -> None:
    """Show what to do about a known trouble.

    Without SLUG: all runbooks. In a pipe it is the Markdown itself.
    """
    from aiops.cli.execute import answer
    from aiops.operations.runbook import runbook

    answer(_options(output), lambda _: runbook(slug))


def _options(output: str) -> "Options":
    from aiops.cli.execute import Options

    return Options(config=None, context=None, kubeconfig=None, output=output)

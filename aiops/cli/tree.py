"""Commands on the platform's files."""

import click

from aiops.cli.options import session_options


@click.command("resolve")
@click.option("--check", is_flag=True, help="Write nothing; exit 3 when the file differs.")
@click.option("--prune", is_flag=True, help="Write it even if Argo CD would then delete groups.")
@session_options
def resolve_command(check: bool, prune: bool, **options: str) -> None:
    """Write the groups file that the config's features ask for.

    Shows the difference, and what Argo CD would delete once it is pushed.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.resolve import resolve

    execute(Options(**options), lambda session: resolve(session, check=check, prune=prune))

"""Commands on the platform's files."""

from pathlib import Path

import click

from aiops.cli.options import config_option, output_option, session_options


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


@click.command("lint")
@click.argument("tree", metavar="[TREE]", required=False, type=click.Path(path_type=Path))
@click.option("--profile", metavar="NAME", help="Only its enabled groups.  [default: every group, on or off]")
@click.option("--only", metavar="CHECK", multiple=True, help="Only this check or group, or pattern as `gpu-*`.")
@click.option("--skip", metavar="CHECK", multiple=True, help="All but this check or group, or pattern.")
@click.option("--no-render", is_flag=True, help="Leave out what only kustomize can tell.")
@click.option("--strict", is_flag=True, help="A warning counts as a failure: exit 3.")
@output_option(["table", "json", "sarif", "github"], "table for people; the others are documents on stdout.")
@config_option
def lint_command(
    tree: Path | None,
    profile: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    no_render: bool,
    strict: bool,
    config: str | None,
    output: str,
) -> None:
    """Check a platform's files, without a cluster.

    The static half of doctor, on the files as they lie in the folder TREE; without it, in that of the config. Folders
    with a kustomization are rendered with kustomize or kubectl. Nothing is written, and no network is used.
    """
    from aiops.cli.execute import Options, answer
    from aiops.operations.doctor import Choice
    from aiops.operations.lint import Asked, lint

    asked = Asked(tree=tree, profile=profile, rendering=not no_render, strict=strict)
    options = Options(config=config, context=None, kubeconfig=None, output=output)
    answer(options, lambda session: lint(session, asked, Choice(only=only, skip=skip)))

"""Commands on a lab: a rehearsal cluster inside of aiops, on which everything is simulated."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aiops.cli.options import Command, output_option, profile_option_of, run_output_option

if TYPE_CHECKING:
    from aiops.cli.execute import Options

REHEARSAL_SPEED = 60.0
"""A bring-up takes seconds then, and an ordinary machine still keeps up."""
report_option = output_option(["text", "json"], "text for people; one json document on stdout.")
tree_option = click.option(
    "--tree", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with a config.yaml, or in its checkout.  [default: what is found from here, else aiops' sample]",
)  # fmt: skip


def speed_option(default: float) -> Callable[[Command], Command]:
    """`--speed`."""
    text = "How many times as fast as this machine's the lab's clock runs."
    kind = click.FloatRange(min=0.1)
    return click.option("--speed", metavar="N", type=kind, default=default, show_default=True, help=text)


@click.command("rehearse")
@profile_option_of("serving")
@tree_option
@click.option("--fault", "faults", metavar="SLUG", multiple=True, help="Something that goes wrong: `aiops lab faults`.")
@speed_option(REHEARSAL_SPEED)
@run_output_option
def rehearse_command(profile: str, tree: Path | None, faults: tuple[str, ...], speed: float, output: str) -> None:
    """Bring the platform up on a lab, exactly as on a cluster, in seconds.

    Nothing outside of this machine is asked or changed, and nothing is left of it but its journal. The lab reads the
    last commit of the tree, pushed or not.
    """
    from aiops.cli.execute import execute
    from aiops.cli.rehearsal import rehearse

    execute(
        _options(output),
        lambda session: rehearse(session, profile, tree=tree, faults=faults, speed=speed),
        lab_words(speed),
    )


@click.group("lab")
def lab_group() -> None:
    """A cluster to rehearse on: a Kubernetes and an Argo CD in memory."""


@lab_group.command("up")
@tree_option
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Of its API, on 127.0.0.1.  [default: a free one]"
)
@speed_option(1.0)
def up_command(tree: Path | None, port: int, speed: float) -> None:
    """Run a lab until Ctrl-C, and print what lets another terminal use it.

    With its exports, aiops, kubectl and `git push` there mean the lab and nothing else.
    """
    from aiops.cli.execute import answer
    from aiops.cli.lab_running import up

    answer(_options("text"), lambda session: up(session, tree=tree, port=port, speed=speed))


@lab_group.command("fault")
@click.argument("slug")
@click.option("--clear", is_flag=True, help="Switch it off again.")
@report_option
def fault_command(slug: str, clear: bool, output: str) -> None:
    """Let something go wrong in the lab that runs."""
    from aiops.cli.execute import answer
    from aiops.cli.lab_running import switch

    answer(_options(output), lambda _: switch(slug, on=not clear))


@lab_group.command("faults")
@report_option
def faults_command(output: str) -> None:
    """List what can go wrong, what it provokes, and what names it."""
    from aiops.cli.execute import answer
    from aiops.cli.lab_running import listed

    answer(_options(output), lambda _: listed())


def lab_words(speed: float) -> str:
    """What somebody has to know who looks at a lab."""
    pace = "" if speed == 1.0 else f", and its clock runs {speed:g} times as fast"
    return f"a lab: everything is simulated{pace}"


def _options(output: str) -> "Options":
    from aiops.cli.execute import Options

    return Options(config=None, context=None, kubeconfig=None, output=output)

"""Commands that ask how the platform stands."""

from pathlib import Path

import click

from aiops.cli.options import cluster_options, output_option

LIVE = "What should stand.  [default: the layers that are live]"


@click.command("doctor")
@click.option("--profile", metavar="NAME", help=LIVE)
@click.option("--only", metavar="CHECK", multiple=True, help="Only this check or group, or pattern as `gpu-*`.")
@click.option("--skip", metavar="CHECK", multiple=True, help="All but this check or group, or pattern.")
@click.option("--list", "listing", is_flag=True, help="Name every check, and look at nothing.")
@click.option("--strict", is_flag=True, help="A warning counts as a failure: exit 3.")
@click.option("--save", metavar="FILE", type=click.Path(path_type=Path), help="Keep what was seen, without secrets.")
@click.option(
    "--from", "saved", metavar="FILE", type=click.Path(path_type=Path), help="Judge what --save kept; asks no cluster."
)
@output_option(["table", "json", "junit", "github"], "table for people; the others are documents on stdout.")
@cluster_options
def doctor_command(
    profile: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    listing: bool,
    strict: bool,
    save: Path | None,
    saved: Path | None,
    **options: str,
) -> None:
    """Check everything that has to be so, and say why it is not.

    One look at the cluster, git and the config, in which nothing is written. What could not be read is `unknown` and
    never ok: exit 5. A check whose prerequisite did not pass is skipped, and the prerequisite is named.
    """
    from aiops.cli.execute import Options, answer
    from aiops.operations.doctor import Choice, doctor, listed

    if saved and (save or profile):
        raise click.UsageError("--from judges a look that was taken: it takes neither --save nor --profile")
    if listing:
        answer(Options(**options), lambda _: listed())
    choice = Choice(only=only, skip=skip)
    answer(
        Options(**options),
        lambda session: doctor(session, profile, choice, strict=strict, save=save, saved=saved),
    )


@click.command("status")
@click.option("--profile", metavar="NAME", help=LIVE)
@output_option(["text", "json"], "text for people; one json document.")
@cluster_options
def status_command(profile: str | None, **options: str) -> None:
    """Show how the platform stands, on one screen.

    Applications by the judgement of `aiops wait`, GPU models, GPU nodes with their age and cost, and what aiops did
    last. Nothing is written, and nothing is waited for; `aiops doctor` says why something is not right.
    """
    from aiops.cli.execute import Options, answer
    from aiops.operations.status import status
    from aiops.progress.remembered import runs_folder

    answer(Options(**options), lambda session: status(session, profile, runs_folder()))

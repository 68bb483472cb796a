"""Commands that ask how the platform stands."""

from pathlib import Path

import click

from aiops.cli.options import Duration, cluster_options, output_option

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
@click.option("--watch", "watching", is_flag=True, help="Look again and again, and name what changed.")
@click.option("--every", type=Duration(), default="10s", show_default=True, help="Between two looks of --watch.")
@click.option("--fix", "slug", metavar="CHECK", help="Cure what this check finds: shows the write, asks, looks again.")
@click.option("--yes", is_flag=True, help="Ask nothing before the write of --fix.")
@output_option(
    ["table", "short", "json", "junit", "github"],
    "table for people; short: without what is ok; the others are documents on stdout.",
)
@cluster_options
def doctor_command(
    profile: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    listing: bool,
    strict: bool,
    save: Path | None,
    saved: Path | None,
    watching: bool,
    every: float,
    slug: str | None,
    yes: bool,
    **options: str,
) -> None:
    """Check everything that has to be so, and say why it is not.

    One look at the cluster, git and the config, in which nothing is written. What could not be read is `unknown` and
    never ok: exit 5. A check whose prerequisite did not pass is skipped, and the prerequisite is named.
    """
    from aiops.cli.execute import Options, answer, execute, watch
    from aiops.operations.doctor import Choice, doctor, listed

    if saved and (save or profile):
        raise click.UsageError("--from judges a look that was taken: it takes neither --save nor --profile")
    if (slug or watching) and (save or saved or strict or listing or (slug and (watching or only or skip))):
        raise click.UsageError(
            "--fix CHECK and --watch go with --profile and --config alone; --watch with --only, --skip"
        )
    if listing:
        answer(Options(**options), lambda _: listed())
    if slug:
        from aiops.operations.fix import LIMIT_S, fix

        execute(Options(**options), lambda session: fix(session, slug, profile, yes=yes, limit_s=LIMIT_S))
    choice = Choice(only=only, skip=skip)
    if watching:
        from aiops.operations import watch as watches

        if options["output"] != "table":
            raise click.UsageError("--watch is for people: it has no other form of output than the table")
        watch(Options(**options), lambda session: watches.watch(session, profile, choice, every_s=every))
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

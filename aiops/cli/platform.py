"""Commands that bring the platform up on a cluster."""

import click

from aiops.cli.options import profile_option, session_options, timeout_option


@click.command("root")
@profile_option
@click.option("--dry-run", is_flag=True, help="Plan and show, apply nothing.")
@click.option("--force-conflicts", is_flag=True, help="Take fields over from other field managers.")
@timeout_option("root")
@session_options
def root_command(profile: str, dry_run: bool, force_conflicts: bool, timeout: float | None, **options: str) -> None:
    """Apply the AppProject and the profile's ApplicationSets, and prove what they made.

    A narrower profile than what is live removes nothing.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.root import root

    execute(
        Options(**options),
        lambda session: root(
            session,
            profile,
            limit_s=timeout or session.config.aiops.timeouts.root,
            dry_run=dry_run,
            force_conflicts=force_conflicts,
        ),
    )


@click.command("wait")
@profile_option
@click.option("--passive", is_flag=True, help="Write nothing: no refresh is asked for, no sync revived.")
@timeout_option("wait")
@session_options
def wait_command(profile: str, passive: bool, timeout: float | None, **options: str) -> None:
    """Wait until every automatic application of the profile stands.

    Stands: on the commit that the branch is at now, synced, healthy, and looked at since this command began.
    A hopeless state ends it at once, with its cause.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.wait import wait

    execute(
        Options(**options),
        lambda session: wait(session, profile, limit_s=timeout or session.config.aiops.timeouts.wait, passive=passive),
    )


@click.command("sync")
@click.argument("apps", metavar="APP...", nargs=-1, required=True)
@click.option("--gpu", is_flag=True, help="Also where that starts GPU pods, which cost money.")
@timeout_option("sync")
@session_options
def sync_command(apps: tuple[str, ...], gpu: bool, timeout: float | None, **options: str) -> None:
    """Deploy manual applications, and wait for their syncs.

    Never resets a running model. Through Argo CD's API where ARGOCD_SERVER and ARGOCD_AUTH_TOKEN are set.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.sync import sync

    execute(
        Options(**options),
        lambda session: sync(session, apps, limit_s=timeout or session.config.aiops.timeouts.sync, gpu=gpu),
    )


@click.command("bring-up")
@profile_option
@click.option("--no-gpu", is_flag=True, help="Without the GPU gate: no model up, no smoke.")
@timeout_option("wait")
@session_options
def bring_up_command(profile: str, no_gpu: bool, timeout: float | None, **options: str) -> None:
    """Bring the platform up, stage by stage, each proven before the next.

    From profile serving on with the GPU gate: a model up, a smoke at this and each later stage, the model down again.
    Run it again at any time: it sees what is done and goes on from there. The timeout is that of each stage's wait.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.bring_up import bring_up

    execute(Options(**options), lambda session: bring_up(session, profile, limit_s=timeout, gpu=not no_gpu))

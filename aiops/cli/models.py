"""Commands on what costs money."""

import click

from aiops.cli.options import Duration, profile_option_of, session_options, timeout_option


@click.command("vllm-up")
@click.argument("app", metavar="[APP]", required=False)
@click.option("--keep", is_flag=True, help="Leave it up where it does not come to serve.")
@click.option("--anyway", is_flag=True, help="Even where no GPU is free: ask for one more.")
@click.option(
    "--timeout", type=Duration(), help="At most so long.  [default: node, image and the model's own startupProbe]"
)
@session_options
def vllm_up_command(app: str | None, keep: bool, anyway: bool, timeout: float | None, **options: str) -> None:
    """Switch a GPU model on, and wait until it serves.

    Without APP: aiops.model of the config, else the only GPU model in a core group of layer serving. What does not
    come up is scaled back. After Ctrl-C nothing is written: the last lines say what runs and what stops it.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.vllm_up import vllm_up

    execute(Options(**options), lambda session: vllm_up(session, app, keep=keep, anyway=anyway, limit_s=timeout))


@click.command("vllm-down")
@click.argument("app", metavar="[APP]", required=False)
@click.option("--all", "everything", is_flag=True, help="All that Argo CD tracks or aiops raised; needs no config.")
@timeout_option("drain")
@session_options
def vllm_down_command(app: str | None, everything: bool, timeout: float | None, **options: str) -> None:
    """Switch GPU models off, and see their nodes leave.

    Down is confirmed by the pods that are gone. --all works with a kubeconfig alone: no config, no tree, no Argo CD.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.vllm_down import vllm_down, vllm_down_all

    if app and everything:
        raise click.UsageError("name an application or say --all, not both")
    if everything:
        execute(Options(**options), lambda session: vllm_down_all(session, limit_s=timeout))
    execute(Options(**options), lambda session: vllm_down(session, app, limit_s=timeout))


@click.command("smoke")
@click.argument("app", metavar="[APP]", required=False)
@profile_option_of("serving")
@click.option("--tools", is_flag=True, help="Also tool calls, with tool_choice required and auto.")
@session_options
def smoke_command(app: str | None, profile: str, tools: bool, **options: str) -> None:
    """Prove that what a profile serves answers, with its key and not without.

    First the checks of `aiops doctor`, unless an APP is named. Then calls through a port-forward that opens no port.
    Never wakes a GPU. With layer llm-gateway they go through LiteLLM: a key of its own, one call for each alias whose
    backend is up, and the key deleted.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.smoke import smoke, smoke_profile

    if app is not None:
        execute(Options(**options), lambda session: smoke(session, profile, app, tools=tools))
    execute(Options(**options), lambda session: smoke_profile(session, profile, tools=tools))


@click.command("pause")
@click.argument("app", metavar="APP")
@timeout_option("drain")
@session_options
def pause_command(app: str, timeout: float | None, **options: str) -> None:
    """Stop InferenceServices while they are idle, and see their pods go.

    APP is an application, or one InferenceService as NAME or NAMESPACE/NAME.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.pause import pause

    execute(Options(**options), lambda session: pause(session, app, limit_s=timeout))


@click.command("resume")
@click.argument("app", metavar="APP")
@timeout_option("wait")
@session_options
def resume_command(app: str, timeout: float | None, **options: str) -> None:
    """Let paused InferenceServices run again, and see their pods ready.

    APP is an application, or one InferenceService as NAME or NAMESPACE/NAME. One that asks for a GPU says its price.
    """
    from aiops.cli.execute import Options, execute
    from aiops.operations.pause import resume

    execute(Options(**options), lambda session: resume(session, app, limit_s=timeout))

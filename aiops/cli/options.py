"""The vocabulary of options: each is written once and means the same everywhere."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


class Duration(click.ParamType[float]):
    """`90s`, `15m` or `1h30m`, as seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds; a usage error for anything else."""
        from aiops.config.duration import seconds

        if isinstance(value, float):
            return value
        try:
            return seconds(str(value))
        except ValueError as error:
            return self.fail(str(error), param, ctx)


def session_options(command: Command) -> Command:
    """What a run takes: which config, which cluster, which form of output."""
    return cluster_options(run_output_option(command))


def run_output_option(command: Command) -> Command:
    """`-o` of a run."""
    text = "text for people; one json document at the end; jsonl: the stream of events."
    return output_option(["text", "json", "jsonl"], text)(command)


def output_option(forms: Sequence[str], text: str) -> Callable[[Command], Command]:
    """`-o`, whose default is the first of its forms."""
    return click.option("-o", "--output", type=click.Choice(forms), default=forms[0], show_default=True, help=text)


def config_option(command: Command) -> Command:
    """Which config."""
    text = "The config.yaml; else looked for upwards from here, then environments/*/config.yaml."
    return click.option("--config", metavar="FILE", envvar="AIOPS_CONFIG", show_envvar=True, help=text)(command)


def cluster_options(command: Command) -> Command:
    """Which config and which cluster."""
    for option in (
        click.option("--kubeconfig", metavar="FILE", help="Instead of KUBECONFIG or ~/.kube/config."),
        click.option("--context", metavar="NAME", help="The kube context; must agree with the config's."),
        config_option,
    ):
        command = option(command)
    return command


def profile_option_of(default: str) -> Callable[[Command], Command]:
    """`--profile`, with what a command takes when none is named."""
    text = "platform, serving, llm-gateway, full, or one of the config's own."
    return click.option("--profile", metavar="NAME", default=default, show_default=True, help=text)


profile_option = profile_option_of("platform")


def timeout_option(section: str) -> Callable[[Command], Command]:
    """`--timeout`, whose default is the config's `aiops.timeouts.<section>`."""
    text = f"At most so long, as 90s or 15m.  [default: aiops.timeouts.{section} of the config]"
    return click.option("--timeout", type=Duration(), help=text)

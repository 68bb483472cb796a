"""The command line: options in, an operation called, its result rendered. Nothing is decided here.

The only room that knows click. Operations are imported inside the commands, so that `--help` costs nothing.
"""

import click

from aiops import __version__
from aiops.cli.doctor import doctor_command, status_command
from aiops.cli.lab import lab_group, rehearse_command
from aiops.cli.models import (
    pause_command,
    resume_command,
    smoke_command,
    vllm_down_command,
    vllm_up_command,
)
from aiops.cli.platform import bring_up_command, root_command, sync_command, wait_command
from aiops.cli.reports import history_command, runbook_command
from aiops.cli.tree import lint_command, resolve_command


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="aiops")
def cli() -> None:
    """Operate an LLM inference platform that Argo CD deploys from git.

    \b
    First time:  aiops resolve --check, then aiops bring-up --profile platform
    Exit codes:  0 done   2 wrong use   3 the platform says no   4 out of time
                 5 could not tell   130 interrupted   1 a bug in aiops
    """


for command in (
    resolve_command, lint_command, root_command, wait_command, sync_command, bring_up_command,
    vllm_up_command, smoke_command, vllm_down_command, pause_command, resume_command,
    doctor_command, status_command, history_command, runbook_command, rehearse_command, lab_group,
):  # fmt: skip
    cli.add_command(command)

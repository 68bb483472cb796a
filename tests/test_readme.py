"""The README is true: its commands exist, and its tables name every command and every exit code."""

import re
import shlex
from pathlib import Path

import click
import pytest

from aiops import errors
from aiops.checks import ALL
from aiops.cli import cli
from aiops.config.load import load
from tests.words import parse

README = (Path(__file__).resolve().parents[1] / "README.md").read_text()
COMMANDS = sorted(set(re.findall(r"^ *(aiops [a-z].*?)(?:  +#.*)?$", README, re.MULTILINE)))


def test_there_are_commands_to_hold_it_to() -> None:
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_parses(command: str) -> None:
    parse(shlex.split(command)[1:])


def test_the_table_names_every_command_and_its_options() -> None:
    rows = dict(re.findall(r"^\| `aiops ([\w-]+)(.*)\|$", README, re.MULTILINE))
    assert rows.keys() == cli.commands.keys()
    for name, command in cli.commands.items():
        for option in command.params:
            shared = option.name in ("config", "context", "kubeconfig", "output", "timeout")
            if isinstance(option, click.Option) and not shared:
                assert option.opts[0] in rows[name], f"{name} {option.opts[0]}"


def test_the_table_of_exit_codes_is_that_of_the_errors() -> None:
    documented = set(map(int, re.findall(r"\d+", " ".join(re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE)))))
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AiopsError)]
    raised = {kind.exit_code for kind in kinds} | {errors.Interrupted().exit_code}
    assert documented == raised | {0, 1, 143}


def test_it_counts_the_checks_right() -> None:
    assert f"makes {len(ALL)} checks of it" in README


def test_the_example_configuration_loads(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert example
    path = tmp_path / "config.yaml"
    path.write_text(f"cluster: {{name: lab}}\nrepoURL: https://git.example.com/x.git\n{example[1]}")
    assert load(path).aiops.prices == {"nvidia-l4": 0.85}

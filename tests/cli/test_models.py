"""The commands on what costs money: which words mean what, and that the bill is told however a run ends."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from aiops.cli.execute import Options, Terminated, execute
from aiops.errors import Refused
from aiops.progress.events import Paid, Result
from aiops.progress.results import BroughtUp
from aiops.session import Session
from tests.cli.shell import Outcome

Run = Callable[..., Outcome]
PAID = Paid(
    what="Deployment serving/llama", node="gpu-1", gpu="nvidia-l4", age_s=60, per_hour=0.6, cost=0.01,
    stop="aiops vllm-down llama",
)  # fmt: skip
LINE = "Deployment serving/llama runs on node gpu-1 (nvidia-l4), up for 1m00s, 0.01 so far (0.60 an hour)"


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """The operations that were called, without the session."""
    found: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
    for name in ("vllm_up.vllm_up", "vllm_down.vllm_down", "vllm_down.vllm_down_all", "smoke.smoke",
                 "smoke.smoke_profile", "pause.pause", "pause.resume", "bring_up.bring_up"):  # fmt: skip

        def operation(session: Session, *args: Any, name: str = name, **more: Any) -> Result:
            found.append((name.partition(".")[2], args, more))
            return BroughtUp(summary="done")

        monkeypatch.setattr(f"aiops.operations.{name}", operation)
    return found


COMMANDS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any]]] = {
    "vllm-up": ("vllm_up", (None,), {"keep": False, "anyway": False, "limit_s": None}),
    "vllm-up app --keep": ("vllm_up", ("app",), {"keep": True, "anyway": False, "limit_s": None}),
    "vllm-up --anyway --timeout 90s": ("vllm_up", (None,), {"keep": False, "anyway": True, "limit_s": 90.0}),
    "vllm-down": ("vllm_down", (None,), {"limit_s": None}),
    "vllm-down app --timeout 5m": ("vllm_down", ("app",), {"limit_s": 300.0}),
    "vllm-down --all": ("vllm_down_all", (), {"limit_s": None}),
    "vllm-down --all --timeout 5m": ("vllm_down_all", (), {"limit_s": 300.0}),
    "smoke": ("smoke_profile", ("serving",), {"tools": False}),
    "smoke --profile full": ("smoke_profile", ("full",), {"tools": False}),
    "smoke app --profile full --tools": ("smoke", ("full", "app"), {"tools": True}),
    "pause app": ("pause", ("app",), {"limit_s": None}),
    "pause ns/app --timeout 1m": ("pause", ("ns/app",), {"limit_s": 60.0}),
    "resume app": ("resume", ("app",), {"limit_s": None}),
    "resume app --timeout 1m": ("resume", ("app",), {"limit_s": 60.0}),
    "bring-up --profile serving": ("bring_up", ("serving",), {"limit_s": None, "gpu": True}),
    "bring-up --no-gpu": ("bring_up", ("platform",), {"limit_s": None, "gpu": False}),
}  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS)
def test_what_words_mean(inside: Run, called: list[Any], words: str) -> None:
    assert inside(*words.split()).code == 0
    assert called == [COMMANDS[words]]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("vllm-down app --all", "name an application or say --all, not both"),
        ("pause", "Missing argument 'APP'"),
        ("resume", "Missing argument 'APP'"),
        ("vllm-up a b", "unexpected extra argument"),
        ("vllm-up --timeout soon", "`soon` is not a duration"),
    ],
)
def test_what_they_do_not_mean(inside: Run, called: list[Any], words: str, said: str) -> None:
    outcome = inside(*words.split())
    assert (outcome.code, called) == (2, [])
    assert said in outcome.err


def test_with_several_models_the_list_is_told(inside: Run, aiops: Any) -> None:
    config = aiops.folder / "config.yaml"
    text = config.read_text().replace("  coding-assistant: true\n", "")
    config.write_text(f"{text}  groups:\n    - {{name: coding-assistant, layer: serving, gate: always}}\n")
    outcome = inside("bring-up", "--profile", "serving")
    assert outcome.code == 2
    assert "which GPU model? several could be meant: vllm-qwen, coder-fim" in outcome.err


class Bug(Exception):
    pass


def ends(error: BaseException | None) -> Callable[[Session], Result]:
    """An operation that knows what runs, and then ends so."""

    def operation(session: Session) -> Result:
        session.paying[PAID.what] = PAID
        if error is not None:
            raise error
        return BroughtUp(summary="done")

    return operation


ENDS: list[tuple[BaseException | None, int]] = [
    (None, 0), (Bug("oh"), 1), (Refused("no", "mend it"), 3), (KeyboardInterrupt(), 130), (Terminated(), 143),
]  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def ended(output: str, error: BaseException | None) -> int:
        try:
            execute(Options(None, None, None, output), ends(error))
        except click.exceptions.Exit as end:
            return end.exit_code
        except Bug:
            return 1

    return ended


@pytest.mark.parametrize(("error", "code"), ENDS)
def test_people_read_the_bill_last(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], error: BaseException | None, code: int
) -> None:
    assert run("text", error) == code
    out, err = capsys.readouterr()
    told = (err if error else out).splitlines()
    at = next(number for number, line in enumerate(told) if line.endswith(LINE))
    assert told[at + 1].strip(" →->") == "aiops vllm-down llama"
    assert told[at + 2] == ""
    assert len(told) <= at + 5, "then its summary and hint, and no more"


@pytest.mark.parametrize(("error", "code"), ENDS)
def test_programs_read_it_in_the_document(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], error: BaseException | None, code: int
) -> None:
    assert run("json", error) == code
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["exitCode"] == code
    assert [(paid["what"], paid["node"], paid["stop"]) for paid in document["paid"]] == [
        (PAID.what, PAID.node, PAID.stop)
    ]
    assert LINE in err, "people too"


@pytest.mark.parametrize(("error", "code"), ENDS)
def test_and_in_the_last_event(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str], error: BaseException | None, code: int
) -> None:
    assert run("jsonl", error) == code
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["exitCode"], last["paid"][0]["node"]) == (code, "gpu-1")


def test_without_a_config_all_tells_the_context(inside: Run, aiops: Any) -> None:
    """Nobody is behind this kubeconfig's server; its refusal names it, and not the config."""
    (aiops.folder / "config.yaml").write_text("repoURL: [\n")
    outcome = inside("vllm-down", "--all")
    assert outcome.code == 5
    assert re.search(r"context here \(127.0.0.1:1\)", outcome.out), outcome
    assert "config.yaml" not in outcome.out + outcome.err
    assert inside("vllm-down").code == 2

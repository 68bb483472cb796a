"""The whole command, from its words to its exit code: every form of output tells the same end."""

import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.shell import Outcome, Shell
from tests.clients.server import Server

GROUPS = "clusters/lab/groups.generated.yaml"


def differing(shell: Shell) -> None:
    """The groups file is not what the config asks for."""
    file = shell.folder / GROUPS
    text = file.read_text().replace('demos, enabled: "true"', 'demos, enabled: "false"')
    file.write_text(f"{text}# naïve ✔\n", encoding="utf-8")


def misspelled(shell: Shell) -> None:
    with (shell.folder / "config.yaml").open("a") as config:
        config.write("  timeout: 5\nprofil: cost\n")


def deleted(shell: Shell) -> None:
    """The folder the operator stands in."""
    shutil.rmtree(shell.folder)


def as_it_is(_: Shell) -> None:
    pass


@dataclass(frozen=True)
class End:
    """What the operator found, what he typed, and what must come of it."""

    prepare: Callable[[Shell], None]
    words: list[str]
    code: int
    kind: str
    summary: str


ENDS = {
    "done": End(as_it_is, ["resolve", "--check"], 0, "Resolved", "is what the config asks for"),
    "a no": End(differing, ["resolve", "--check"], 3, "Resolved", "differs from what the config asks for"),
    "config": End(misspelled, ["wait"], 2, "ConfigError", "config.yaml has 2 problems"),
    "profile": End(as_it_is, ["wait", "--profile", "servin"], 2, "WrongUse", "no profile `servin`; did you mean"),
    "context": End(as_it_is, ["wait", "--context", "there"], 2, "TargetError", "--context there is not the context"),
    "unreachable": End(as_it_is, ["wait"], 5, "Unreachable", "kubernetes 127.0.0.1:1: cannot "),
    "folder": End(deleted, ["wait"], 2, "WrongUse", "the working folder is gone"),
    "option": End(as_it_is, ["wait", "--profiel", "x"], 2, "WrongUse", "No such option '--profiel'"),
    "argument": End(as_it_is, ["sync"], 2, "WrongUse", "Missing argument 'APP...'"),
    "duration": End(as_it_is, ["wait", "--timeout", "5x"], 2, "WrongUse", "`5x` is not a duration"),
}  # fmt: skip


Run = Callable[..., Outcome]
every_end = pytest.mark.parametrize("end", ENDS.values(), ids=list(ENDS))


@every_end
def test_for_people(aiops: Shell, inside: Run, end: End) -> None:
    end.prepare(aiops)
    outcome = inside(*end.words)
    assert outcome.code == end.code
    assert end.summary in outcome.out + outcome.err


@every_end
def test_one_document(aiops: Shell, inside: Run, end: End) -> None:
    end.prepare(aiops)
    outcome = inside(*end.words, "-o", "json")
    document = outcome.document
    assert (outcome.code, document["exitCode"]) == (end.code, end.code)
    assert end.kind in (document["result"]["type"], document["result"].get("kind"))
    assert end.summary in document["summary"]
    assert document["summary"].splitlines()[0] in outcome.err
    assert document["command"] == " ".join((*end.words, "-o", "json"))


@every_end
def test_a_stream_of_events(aiops: Shell, inside: Run, end: End) -> None:
    end.prepare(aiops)
    outcome = inside(*end.words, "-o", "jsonl")
    first, last = outcome.events[0], outcome.events[-1]
    assert (outcome.code, first["event"], last["exitCode"]) == (end.code, "RunStarted", end.code)
    assert end.kind in (last["event"], last.get("kind"))
    assert end.summary in last["summary"]
    assert last["summary"].splitlines()[0] in outcome.err


def test_all_problems_of_a_config_at_once(aiops: Shell, inside: Run) -> None:
    misspelled(aiops)
    outcome = inside("wait")
    assert [word for word in ("aiops.timeout:", "profil:") if word not in outcome.err] == []


@pytest.mark.parametrize(
    ("words", "line", "hint"),
    [
        (["wiat"], "No such command 'wiat'", "`aiops --help` tells more"),
        (["wait", "--nope"], "No such option '--nope'", "`aiops wait --help` tells more"),
        (["wait", "-o", "xml"], "Invalid value for '-o' / '--output': 'xml' is not one of", "`aiops wait --help`"),
        (["wait", "extra"], "unexpected extra argument", "`aiops wait --help` tells more"),
        (["wait", "-o"], "Option '-o' requires an argument", "--help` tells more"),
        (["--nope"], "No such option '--nope'", "`aiops --help` tells more"),
    ],
)
def test_a_wrong_word_is_one_line_and_a_hint(inside: Run, words: list[str], line: str, hint: str) -> None:
    outcome = inside(*words)
    said, then = outcome.err.splitlines()
    assert (outcome.code, outcome.out) == (2, "")
    assert line in said
    assert hint in then


@pytest.mark.parametrize("words", [["--help"], ["wait", "-h"], ["--version"]])
def test_help_is_no_error(inside: Run, words: list[str]) -> None:
    outcome = inside(*words)
    assert (outcome.code, outcome.err) == (0, "")
    assert "aiops" in outcome.out


ENVIRONMENTS = {
    "C": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "no colour": {"NO_COLOR": "1", "FORCE_COLOR": "1"},
    "dumb": {"TERM": "dumb", "FORCE_COLOR": "1"},
}


@pytest.mark.parametrize("environ", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_no_environment_breaks_its_words(aiops: Shell, environ: dict[str, str]) -> None:
    differing(aiops)
    outcome = aiops("resolve", "--check", environ=environ)
    assert outcome.code == 3
    assert "differs from what the config asks for" in outcome.out
    assert "\x1b" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("environ", "escapes"),
    [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"TERM": "xterm", "NO_COLOR": "1"}, False)],
)
def test_a_terminal_gets_escapes_only_where_it_wants_them(aiops: Shell, environ: dict[str, str], escapes: bool) -> None:
    differing(aiops)
    ours, theirs = pty.openpty()
    process = aiops.start("resolve", "--check", stdout=theirs, environ=environ)
    os.close(theirs)
    seen = b""
    while part := _read(ours):
        seen += part
    os.close(ours)
    assert aiops.finish(process).code == 3
    assert b"differs from what" in seen
    assert (b"\x1b[3" in seen) is escapes


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: the other side is closed
        return b""


def wait_for(server: Server, process: "subprocess.Popen[str]") -> None:
    """Until the command is in the middle of a request."""
    while not server.seen:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)


@pytest.mark.parametrize(("number", "code"), [(2, 130), (15, 143)])
def test_a_signal_ends_it_with_a_word(aiops: Shell, silent: Server, number: int, code: int) -> None:
    process = aiops.start("wait", "-o", "json")
    wait_for(silent, process)
    process.send_signal(number)
    outcome = aiops.finish(process)
    assert (outcome.code, outcome.document["exitCode"]) == (code, code)
    assert "interrupted" in outcome.err
    assert "goes on where things stand" in outcome.document["hint"]


def test_sigterm_is_no_error_that_somebody_may_swallow(aiops: Shell, silent: Server) -> None:
    """`resolve` goes on without a cluster that does not answer."""
    differing(aiops)
    process = aiops.start("resolve")
    wait_for(silent, process)
    process.terminate()
    assert aiops.finish(process).code == 143
    assert 'demos, enabled: "false"' in (aiops.folder / GROUPS).read_text()


@pytest.mark.parametrize(
    "words", [["resolve", "--check"], ["resolve", "--check", "-o", "json"], ["wait", "-o", "jsonl"]]
)
def test_a_reader_that_has_gone_is_no_error_of_ours(aiops: Shell, words: list[str]) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    process = aiops.start(*words, stdout=theirs)
    os.close(theirs)
    outcome = aiops.finish(process)
    assert outcome.code == 141
    assert "BrokenPipe" not in outcome.err


SCRIPT = """
import click
from aiops import cli
from aiops.__main__ import main
from aiops.cli.execute import Options, Terminated, execute

@cli.cli.command("it")
def it():
    {body}

main()
"""


def script(folder: Path, body: str) -> Outcome:
    """A command of its own, run by aiops' own main."""
    words = [sys.executable, "-c", SCRIPT.replace("{body}", body), "it"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    return Outcome(done.returncode, done.stdout, done.stderr)


def test_a_bug_keeps_its_traceback(tmp_path: Path) -> None:
    outcome = script(tmp_path, 'execute(Options(None, None, None, "json"), lambda session: {}["nothing"])')
    assert (outcome.code, outcome.document["exitCode"]) == (1, 1)
    assert "a bug in aiops: KeyError: 'nothing'" in outcome.document["summary"]
    assert "Traceback (most recent call last)" in outcome.err
    assert outcome.err.splitlines()[-1] == "KeyError: 'nothing'"


@pytest.mark.parametrize(("what", "code"), [("KeyboardInterrupt", 130), ("Terminated", 143)])
def test_a_signal_outside_of_an_operation_is_no_bug(tmp_path: Path, what: str, code: int) -> None:
    outcome = script(tmp_path, f"raise {what}")
    assert (outcome.code, outcome.out, outcome.err.strip()) == (code, "", "")

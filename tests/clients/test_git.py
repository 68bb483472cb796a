"""What git answers about repositories on disk, and how it fails."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiops.errors import CannotTell, LoginFailed, Refused, Unreachable
from tests.clients.programs import HELPER, read
from tests.clients.repositories import URL, commit, git, of
from tests.clients.server import Answer, Server


def test_heads_of_every_sort(origin: Path, elsewhere: Path, checkout: Path) -> None:
    main = git(elsewhere, "rev-parse", "HEAD")
    git(elsewhere, "tag", "-am", "words", "annotated")
    git(elsewhere, "tag", "light")
    git(elsewhere, "checkout", "-qb", "feature/main")
    feature = commit(elsewhere, other_yaml="a: 1\n")
    git(elsewhere, "push", "-q", "origin", "feature/main", "annotated", "light")
    expected = {
        "main": main,
        "feature/main": feature,
        "annotated": main,  # the commit, not the tag object
        "refs/tags/annotated": main,
        "light": main,
        "HEAD": main,
        "refs/heads/main": main,
        "f" * 40: "f" * 40,
    }
    assert of(checkout).heads(str(origin), [*expected, "absent", "mai"]) == expected


def test_a_branch_goes_before_a_tag_of_its_name(origin: Path, elsewhere: Path, checkout: Path, pushed: str) -> None:
    git(elsewhere, "tag", "main", "HEAD~1")
    git(elsewhere, "push", "-q", "origin", "refs/tags/main")
    assert of(checkout).heads(str(origin), ["main"]) == {"main": pushed}


def test_hashes_alone_need_no_server(checkout: Path) -> None:
    assert of(checkout).heads(URL, ["a" * 40]) == {"a" * 40: "a" * 40}


def test_status_names_what_is_not_committed(checkout: Path) -> None:
    commit(checkout, a_yaml="a\n" * 20, b_yaml="b\n", c_yaml="c\n", d_yaml="d\n")
    git(checkout, "mv", "a.yaml", "moved.yaml")
    (checkout / "b.yaml").write_text("other\n")
    (checkout / "c.yaml").write_text("other\n")
    git(checkout, "add", "c.yaml")
    (checkout / "new").mkdir()
    (checkout / "new/file.yaml").touch()
    (checkout / "apps/web.yaml").write_text("other\n")
    dirty = of(checkout).status(["a.yaml", "moved.yaml", "b.yaml", "c.yaml", "d.yaml", "new"])
    assert sorted(dirty) == ["a.yaml", "b.yaml", "c.yaml", "moved.yaml", "new/file.yaml"]
    assert of(checkout / "apps").status(["web.yaml"]) == ("apps/web.yaml",)


def test_a_checkout_contains_what_it_is_at_or_after(checkout: Path) -> None:
    first = commit(checkout, a_yaml="a\n")
    second = commit(checkout, a_yaml="b\n")
    assert of(checkout).contains(first)
    assert of(checkout).contains(second)
    git(checkout, "reset", "--hard", "--quiet", first)
    assert not of(checkout).contains(second), "it is behind"
    assert not of(checkout).contains("1" * 40), "it was never fetched"


@pytest.mark.parametrize("password", ["pa55word", "pa55/wo@rd"])
def test_a_password_in_a_url_is_not_repeated(checkout: Path, password: str) -> None:
    with pytest.raises(Unreachable) as caught:
        of(checkout).heads(f"https://robot:{password}@127.0.0.1:1/x.git", ["main"])
    assert "https://***@127.0.0.1:1/x.git" in caught.value.message
    assert "pa55" not in caught.value.message + caught.value.hint


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program that is called git."""
    (folder / "bin").mkdir()
    (folder / "bin/git").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}/bin{os.pathsep}{os.environ['PATH']}")


def test_a_url_is_not_among_the_arguments(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, f'echo "$@" >> {tmp_path}/arguments')
    of(checkout).heads("https://robot:pa55word@git.example/x.git", ["main"])
    assert "ls-remote" in (tmp_path / "arguments").read_text()
    assert "pa55word" not in (tmp_path / "arguments").read_text()


def test_a_repository_that_is_not_there(checkout: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"git ls-remote: .*/absent\.git: .*does not appear to be a git repository"):
        of(checkout).heads(str(tmp_path / "absent.git"), ["main"])


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"cannot change to .*absent"):
        of(tmp_path / "absent").status(["."])


def test_a_login_is_not_asked_for(checkout: Path, api: Server) -> None:
    api.answer(Answer(401, b"", {"WWW-Authenticate": "Basic"}))
    with pytest.raises(LoginFailed, match=r"git ls-remote: http://.*: .*could not read Username") as caught:
        of(checkout).heads(f"{api.url}/x.git", ["main"])
    assert "log in to the git server" in caught.value.hint


@pytest.fixture
def silent() -> Iterator[str]:
    """A git server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"git://127.0.0.1:{server.getsockname()[1]}/x"


def test_a_server_that_never_answers_ends_by_the_deadline(checkout: Path, silent: str) -> None:
    with pytest.raises(Unreachable, match=f"git ls-remote: {silent} did not answer in 0.3 s"):
        of(checkout, timeout_s=0.3).heads(silent, ["main"])


@pytest.mark.parametrize("deaf", ["", "trap '' TERM; "])
def test_its_helpers_end_by_the_deadline_too(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipe: int, deaf: str
) -> None:
    stand_in(tmp_path, monkeypatch, deaf + HELPER.format(folder=tmp_path))
    with pytest.raises(Unreachable, match="did not answer"):
        of(checkout, timeout_s=1).status(["."])
    assert (read(pipe), read(pipe)) == (b"up\n", b"")


def test_a_late_git_may_clean_up(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, f"trap 'touch {tmp_path}/clean; exit' TERM; sleep 60 & wait")
    with pytest.raises(Unreachable, match="did not answer"):
        of(checkout, timeout_s=1).status(["."])
    assert (tmp_path / "clean").exists()


ABANDON = """
import pathlib, sys, threading
from aiops.clients.git import Git
git = Git(pathlib.Path.cwd(), timeout_s=60, same=lambda address, url: False)
threading.Thread(target=git.status, args=[["."]], daemon=True).start()
sys.stdin.read()
"""


def test_no_git_outlives_us(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pipe: int) -> None:
    stand_in(tmp_path, monkeypatch, HELPER.format(folder=tmp_path))
    with subprocess.Popen([sys.executable, "-c", ABANDON], cwd=checkout, stdin=subprocess.PIPE):
        assert read(pipe) == b"up\n"
    assert read(pipe) == b""


def test_without_git(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CannotTell, match="git is not on the PATH"):
        of(checkout).heads(URL, ["main"])

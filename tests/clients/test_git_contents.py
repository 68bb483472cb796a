"""The files of a commit, wherever it is: everything that was here stays as it was."""

import fcntl
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aiops.errors import Refused, Unreachable
from tests.clients.repositories import URL, commit, everything, git, of


@pytest.mark.parametrize("folder", ["", "apps"])
def test_the_checkouts_own_remote_is_asked(checkout: Path, pushed: str, folder: str) -> None:
    mine = of(checkout / folder, same=True)
    assert mine.heads(URL, ["main"]) == {"main": pushed}
    assert mine.contents(URL, "main", pushed)["apps/web.yaml"] == "replicas: 2\n"


@pytest.mark.parametrize("folder", ["", "apps"])
def test_a_remote_may_be_a_relative_path(checkout: Path, pushed: str, folder: str) -> None:
    git(checkout, "remote", "set-url", "origin", "../origin.git")
    mine = of(checkout / folder, same=True)
    assert mine.heads(URL, ["main"]) == {"main": pushed}
    assert mine.contents(URL, "main", pushed)["apps/web.yaml"] == "replicas: 2\n"


def test_the_checkouts_settings_hold_for_the_cache_too(checkout: Path, origin: Path, pushed: str) -> None:
    git(checkout, "config", f"url.{origin}.insteadOf", URL)
    git(checkout, "remote", "set-url", "origin", URL)
    assert of(checkout, same=True).contents(URL, "main", pushed)["apps/web.yaml"] == "replicas: 2\n"


def test_a_fetch_changes_nothing_of_the_checkout(checkout: Path, pushed: str, tmp_path: Path) -> None:
    git(checkout, "config", "fetch.prune", "true")
    os.utime(checkout / "README", (0, 0))  # the index is out of date: git status would mend it
    before = everything(checkout)
    mine = of(checkout, same=True)
    mine.heads(URL, ["main"])
    mine.contents(URL, "main", pushed)
    mine.status(["."])
    assert everything(checkout) == before
    assert (tmp_path / "cache/aiops/git").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("clone", [["--depth=1"], ["--filter=blob:none"], ["--filter=tree:0", "--no-checkout"]])
def test_a_commit_reaches_a_partial_checkout_as_a_whole(
    origin: Path, tmp_path: Path, pushed: str, elsewhere: Path, clone: list[str]
) -> None:
    git(origin, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", *clone, f"file://{origin}", "partial")
    newer = commit(elsewhere, apps__web_yaml="replicas: 3\n")
    git(elsewhere, "push", "-q")
    before = everything(tmp_path / "partial")
    assert of(tmp_path / "partial", same=True).contents(URL, "main", newer)["apps/web.yaml"] == "replicas: 3\n"
    assert everything(tmp_path / "partial") == before


def test_what_is_here_is_not_fetched(checkout: Path, tmp_path: Path) -> None:
    here = commit(checkout, apps__web_yaml="replicas: 5\n")
    assert of(checkout).contents(URL, "main", here)["apps/web.yaml"] == "replicas: 5\n"
    assert not (tmp_path / "cache").exists()


def test_what_was_fetched_once_needs_no_server(checkout: Path, origin: Path, pushed: str) -> None:
    first = of(checkout).contents(str(origin), "main", pushed)
    assert of(checkout).contents(URL, "main", pushed) == first


def test_runs_at_once_share_the_cache(checkout: Path, origin: Path, elsewhere: Path) -> None:
    shas = [commit(elsewhere, apps__web_yaml=f"replicas: {number}\n") for number in range(4)]
    git(elsewhere, "push", "-q")
    with ThreadPoolExecutor() as runs:
        seen = list(runs.map(lambda sha: of(checkout).contents(str(origin), "main", sha), shas))
    assert [each["apps/web.yaml"] for each in seen] == [f"replicas: {number}\n" for number in range(4)]


def test_another_run_that_does_not_end(checkout: Path, origin: Path, pushed: str, tmp_path: Path) -> None:
    cache = tmp_path / "cache/aiops/git"
    cache.mkdir(parents=True)
    with (cache / "in-use").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Unreachable, match=r"origin\.git main: another aiops has used .*/aiops/git for 1 s"):
            of(checkout, timeout_s=1).contents(str(origin), "main", pushed)
    assert of(checkout).contents(str(origin), "main", pushed)["apps/web.yaml"] == "replicas: 2\n"


@pytest.mark.parametrize("left", ["shallow.lock", "config.lock", "HEAD"])
def test_what_a_killed_run_left_behind(checkout: Path, origin: Path, pushed: str, tmp_path: Path, left: str) -> None:
    cache = tmp_path / "cache/aiops/git"
    cache.mkdir(parents=True)
    (cache / left).write_text("ref: refs/heads/main\n")
    assert of(checkout).contents(str(origin), "main", pushed)["apps/web.yaml"] == "replicas: 2\n"


def test_outside_a_checkout(origin: Path, tmp_path: Path, pushed: str) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    assert of(plain, same=True).heads(str(origin), ["main"]) == {"main": pushed}
    assert of(plain).contents(str(origin), "main", pushed)["apps/web.yaml"] == "replicas: 2\n"
    with pytest.raises(Refused, match=r"git status: .*/plain: not a git repository"):
        of(plain).status(["."])


@pytest.mark.parametrize("folder", ["", "apps"])
def test_contents_are_the_manifests_from_the_root(checkout: Path, folder: str) -> None:
    (checkout / "link.yaml").symlink_to("apps/web.yaml")
    (checkout / ".gitattributes").write_text("hidden.yaml export-ignore\n")
    (checkout / "list.json").write_text("[]")
    (checkout / "Kustomization").write_text("resources: []\n")
    (checkout / "ü b.yml").write_text("ü: 1\n")
    (checkout / "empty.yaml").write_text("")
    (checkout / "large.yaml").write_text("#" * (1 << 20) + "\n")
    sha = commit(checkout, hidden_yaml="a: 1\n", notes="words")
    assert of(checkout / folder).contents(URL, "main", sha) == {
        "apps/web.yaml": "replicas: 1\n",
        "hidden.yaml": "a: 1\n",
        "list.json": "[]",
        "Kustomization": "resources: []\n",
        "ü b.yml": "ü: 1\n",
        "empty.yaml": "",
    }


def test_a_commit_that_is_nowhere(checkout: Path, origin: Path) -> None:
    with pytest.raises((Refused, Unreachable), match=r"git fetch: .*origin\.git main: "):
        of(checkout).contents(str(origin), "main", "e" * 40)


def test_inside_a_hook_of_another_repository(
    checkout: Path, origin: Path, elsewhere: Path, pushed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere / ".git/index"))
    before = everything(elsewhere)
    (checkout / "new.yaml").touch()
    mine = of(checkout)
    assert mine.status(["."]) == ("new.yaml",)
    assert mine.contents(str(origin), "main", pushed)["apps/web.yaml"] == "replicas: 2\n"
    assert everything(elsewhere) == before


def test_an_export_is_every_regular_file_byte_by_byte(checkout: Path, tmp_path: Path) -> None:
    (checkout / "link").symlink_to("/etc/hostname")
    (checkout / ".gitattributes").write_text("hidden.txt export-ignore\n*.crlf text eol=crlf\n")
    (checkout / "hidden.txt").write_text("here")
    (checkout / "chart.tgz").write_bytes(b"\x1f\x8b\x00\xff\n")
    (checkout / "large.bin").write_text("#" * (1 << 20) + "\n")
    sha = commit(checkout, notes="words\n")
    of(checkout).export(URL, "main", sha, tmp_path / "out")
    found = {name: content for name, content in everything(tmp_path / "out").items() if not name.startswith(".")}
    assert found == {
        "README": (checkout / "README").read_bytes(),
        "apps/web.yaml": b"replicas: 1\n",
        "chart.tgz": b"\x1f\x8b\x00\xff\n",
        "hidden.txt": b"here",
        "notes": b"words\n",
    }


def test_an_export_stays_in_its_folder(checkout: Path, tmp_path: Path) -> None:
    """A tree that git itself would not check out, as somebody may push it."""
    evil = git(checkout, "hash-object", "-w", "README")
    inner = made(checkout, f"100644 blob {evil}\tevil.yaml\n")
    tree = made(checkout, f"040000 tree {inner}\t..\n100644 blob {evil}\tgood.yaml\n")
    sha = git(checkout, "commit-tree", "-m", "evil", tree)
    (tmp_path / "deep/out").mkdir(parents=True)
    of(checkout).export(URL, "main", sha, tmp_path / "deep/out")
    assert list(everything(tmp_path / "deep")) == ["out/good.yaml"]


def made(folder: Path, entries: str) -> str:
    """A tree object of these entries."""
    done = subprocess.run(
        ["git", "-C", str(folder), "mktree"], input=entries, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()

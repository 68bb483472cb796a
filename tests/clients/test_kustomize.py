"""kustomize as a program: which one is asked, how, and how it ends."""

import json
from pathlib import Path

import pytest

from aiops.clients.kustomize import find
from aiops.errors import CannotTell, Refused

SAYS = "kind: ConfigMap\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of the PATH, but for where the shell's own programs are."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, script: str = f"printf '{SAYS}'") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("there", "words"),
    [(["kubectl"], ["kustomize", "--", "apps/a"]), (["kubectl", "kustomize"], ["build", "--", "apps/a"])],
)
def test_the_quicker_program_is_asked_in_the_root_of_the_tree(
    path: Path, tmp_path: Path, there: list[str], words: list[str]
) -> None:
    for name in there:
        program(path, name, f'pwd > {tmp_path}/where; echo "$@" > {tmp_path}/words; printf "{SAYS}"')
    found = find(tmp_path, timeout_s=20)
    assert found
    assert found.render("apps/a") == SAYS
    assert (tmp_path / "words").read_text().split() == words
    assert Path((tmp_path / "where").read_text().strip()).samefile(tmp_path)


def test_without_any_there_is_none(path: Path, tmp_path: Path) -> None:
    assert find(tmp_path, timeout_s=20) is None


def test_what_it_refuses_is_told_in_its_own_words(path: Path, tmp_path: Path) -> None:
    program(path, "kustomize", "echo 'Error: accumulating resources:\n  no such file' >&2; exit 1")
    found = find(tmp_path, timeout_s=20)
    assert found
    with pytest.raises(Refused) as caught:
        found.render("apps/a")
    assert caught.value.message.startswith("apps/a: kustomize: accumulating resources:")
    assert "no such file" in caught.value.message
    assert json.dumps(caught.value.message).count("\\n") == 0
    assert caught.value.hint == f"{path}/kustomize build apps/a"


def test_one_that_is_late_tells_nothing(path: Path, tmp_path: Path) -> None:
    program(path, "kustomize", "exec /bin/sleep 60")
    found = find(tmp_path, timeout_s=0.2)
    assert found
    with pytest.raises(CannotTell, match=r"^apps/a: kustomize took longer than 0\.2 s$"):
        found.render("apps/a")

from pathlib import Path
from stat import S_IMODE

import pytest

from aiops.errors import Refused
from aiops.gitops import generated
from aiops.gitops.groups import render, resolve
from tests.gitops.configs import config

TEXT = render(resolve(config()))


def test_a_new_file_is_readable_by_all(tmp_path: Path) -> None:
    path = tmp_path / "groups.yaml"
    generated.write(path, TEXT)
    assert path.read_text() == TEXT
    assert S_IMODE(path.stat().st_mode) == 0o644


def test_a_written_file_keeps_its_mode_and_its_place(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    generated.write(tmp_path / "link", TEXT)
    assert (tmp_path / "real").read_text() == TEXT
    assert (tmp_path / "link").is_symlink()
    assert S_IMODE((tmp_path / "real").stat().st_mode) == 0o640
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "real"]


@pytest.mark.parametrize("text", ["", "[]\n", "{}\n"])
def test_an_empty_list_is_never_written(tmp_path: Path, text: str) -> None:
    path = tmp_path / "groups.yaml"
    path.write_text("old")
    with pytest.raises(Refused, match="would prune"):
        generated.write(path, text)
    assert path.read_text() == "old"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be written: No such file"):
        generated.write(tmp_path / "absent/groups.yaml", TEXT)


def test_path_and_diff(tmp_path: Path) -> None:
    assert generated.path(config(tmp_path)) == tmp_path / "clusters/lab/groups.generated.yaml"
    assert generated.diff(TEXT, TEXT) == ""
    lines = generated.diff("a\nb\n", "a\nc\n").splitlines()
    assert lines[-3:] == [" a", "-b", "+c"]

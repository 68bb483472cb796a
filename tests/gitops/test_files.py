from pathlib import Path

import pytest

from aiops.errors import TreeError
from aiops.gitops.files import Commit, Files, Folder

FILES = {"a.yaml": "1", "b/c.yaml": "2", "b/d/e.yaml": "3", "bc/f.yaml": "4"}


@pytest.fixture(params=["folder", "commit"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "commit":
        return Commit("f" * 40, FILES)
    root = tmp_path / "root"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Folder(root)


def test_both_kinds_read_alike(files: Files) -> None:
    assert files.read("b/c.yaml") == "2"
    assert files.read("b") is None
    assert files.read("absent") is None
    assert files.under("b") == ("b/c.yaml", "b/d/e.yaml")
    assert files.under("absent") == ()


def test_nothing_leads_out_of_a_folder(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / ".git").mkdir(parents=True)
    (root / ".git/config").touch()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/file").touch()
    (root / "link").symlink_to("../secret")
    (root / "linked").symlink_to("../outside")
    (root / "inner").write_text("inner")
    (root / "alias").symlink_to("inner")
    folder = Folder(root)
    assert folder.read("../secret") is folder.read("link") is folder.read("linked/file") is None
    assert folder.read("alias") == "inner"
    assert folder.under("") == ("alias", "inner")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff")
    with pytest.raises(TreeError, match="is not UTF-8"):
        Folder(tmp_path).read("x.yaml")

"""The renderings of commits, as they are remembered."""

import os
from pathlib import Path

import pytest

from aiops.clients.rendered import KEPT, Cache


def files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache/aiops/rendered").iterdir())


def test_a_commit_is_remembered_for_this_user_alone(tmp_path: Path) -> None:
    Cache("a" * 40).write({"apps/a": "kind: Pod\n"})
    assert Cache("a" * 40).read() == {"apps/a": "kind: Pod\n"}
    assert Cache("b" * 40).read() == {}
    (file,) = files(tmp_path)
    assert (file.stat().st_mode | file.parent.stat().st_mode) & 0o077 == 0


@pytest.mark.parametrize("text", ["", '{"apps/a": ', "[]", "\x80"])
def test_what_is_damaged_is_not_remembered(tmp_path: Path, text: str) -> None:
    Cache("a").write({})
    files(tmp_path)[0].write_bytes(text.encode("latin-1"))
    assert Cache("a").read() == {}


def test_the_oldest_are_forgotten(tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        Cache(f"{number}").write({})
        os.utime(tmp_path / f"cache/aiops/rendered/{number}.json", (number, number))
    Cache("last").write({})
    left = {file.stem for file in files(tmp_path)}
    assert left == {"last", *map(str, range(3, KEPT + 2))}


def test_where_nothing_can_be_kept_nothing_is(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("no folder")
    Cache("a").write({"apps/a": "kind: Pod\n"})
    assert Cache("a").read() == {}

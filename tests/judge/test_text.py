"""The cluster's messages as one short stable line."""

import pytest

from aiops.judge.text import one_line, stable


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("a\n  b\tc\n", "a b c"),
        ("rpc error: code = Unknown desc = x: rpc error: code = NotFound desc = y", "x: y"),
        ("x" * 300, "x" * 300),
        ("x" * 301, "x" * 297 + "..."),
        ("", ""),
    ],
)
def test_one_line(message: str, line: str) -> None:
    assert one_line(message) == line


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ("could not find it. Retrying attempt #3 at 3:48AM.", "could not find it"),
        ("could not find it", "could not find it"),
        ("Retrying attempt #3 at 3:48AM. and more", "Retrying attempt #3 at 3:48AM. and more"),
    ],
)
def test_stable(message: str, text: str) -> None:
    assert stable(message) == text

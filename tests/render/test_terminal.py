"""`console`: what it lets through to which stream."""

import pytest

from aiops.render.text import lines
from tests.render.results import EXAMPLES, URL
from tests.render.screens import Stream, shown

EVERY_LINE = [line for result in EXAMPLES for line in lines(result)]


@pytest.mark.parametrize(
    ("terminal", "environ", "escapes"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {"TERM": "xterm"}, False),
        (False, {"TERM": "xterm", "FORCE_COLOR": "1"}, False),
    ],
)
def test_only_a_terminal_that_wants_them_gets_escapes(
    terminal: bool, environ: dict[str, str], escapes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert ("\x1b" in shown(EVERY_LINE, Stream(terminal=terminal), environ)) is escapes


@pytest.mark.parametrize("text", ["[/bin/sh -c x]", "[the server could not find]", ":smile: [red]x[/red]", URL])
def test_text_is_not_markup(text: str) -> None:
    assert shown([text], Stream()) == f"{text}\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_no_encoding_is_an_error(encoding: str) -> None:
    assert shown(["naïve ✔ 模型"], Stream(encoding)).startswith("na")

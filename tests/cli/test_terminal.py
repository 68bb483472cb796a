"""`console`: what it lets through to which stream."""

import pytest

from aiops.cli.terminal import console
from aiops.render.glyphs import GOOD
from aiops.render.line import Line
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
    ],
)
def test_only_a_terminal_that_wants_them_gets_escapes(
    terminal: bool, environ: dict[str, str], escapes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert ("\x1b" in shown(EVERY_LINE, Stream(terminal=terminal), environ)) is escapes


def test_nobody_can_make_a_pipe_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not console(Stream(), {"TERM": "xterm"}).is_terminal


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize(
    "text", ["[/bin/sh -c x]", "[the server could not find]", ":smile: [red]x[/red]", "1.5 true 'x'", URL]
)
def test_text_is_taken_as_it_is(text: str, terminal: bool) -> None:
    assert shown([text], Stream(terminal=terminal)) == f"{text}\n"


@pytest.mark.parametrize(("locale", "sign"), [("C", "ok"), ("POSIX", "ok"), ("C.UTF-8", "✔"), ("", "✔")])
def test_the_c_locale_asks_for_ascii(locale: str, sign: str) -> None:
    assert shown([Line("up", GOOD)], Stream(), {"LC_ALL": locale}) == f"{sign} up\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_no_encoding_is_an_error(encoding: str) -> None:
    assert shown(["naïve ✔ 模型"], Stream(encoding)).startswith("na")

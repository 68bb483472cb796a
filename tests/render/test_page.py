"""A page of Markdown: drawn for a person, left alone for a pipe."""

import re

import pytest

from aiops.progress.results import RunbookRead
from aiops.render.page import Page
from aiops.render.text import lines
from tests.render.screens import Stream, shown

URL = f"https://example.com/{'x' * 100}"
TEXT = f"# A title\n\nSome `code`, {'words ' * 40}and [a link]({URL}).\n\n```sh\nkubectl get {'pods ' * 3}\n```\n"


def test_in_a_pipe_it_is_its_own_text() -> None:
    assert shown([Page(TEXT)], Stream()) == TEXT


def test_a_runbook_in_a_pipe_is_its_file_and_nothing_else() -> None:
    assert shown(lines(RunbookRead(summary="", slug="x", title="A title", text=TEXT)), Stream()) == TEXT


def test_on_a_terminal_it_is_drawn_and_wrapped() -> None:
    text = shown([Page(TEXT)], Stream(terminal=True), {"TERM": "xterm", "NO_COLOR": "1"})
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "# A title" not in text
    assert "```" not in text
    assert "A title" in text
    assert text.count("words") == 40


def test_a_command_is_neither_wrapped_nor_padded() -> None:
    command = f"kubectl annotate storageclass NAME {'x' * 80}=false --overwrite"
    for block in (f"```sh\n{command}\n```", f"Words.\n\n    {command}"):
        text = shown([Page(f"# A title\n\n{block}\n")], Stream(terminal=True), {"TERM": "xterm", "NO_COLOR": "1"})
        assert f"    {command}" in text.splitlines()


def test_nothing_has_a_background() -> None:
    text = shown([Page(TEXT)], Stream(terminal=True), {"TERM": "xterm"})
    assert not re.search(r"\x1b\[(\d+;)*4\dm", text)


@pytest.mark.parametrize(("environ", "escapes"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_colours_are_for_a_terminal_that_wants_them(environ: dict[str, str], escapes: bool) -> None:
    text = shown([Page(TEXT)], Stream(terminal=True), {"TERM": "xterm", **environ})
    assert ("\x1b" in text) is escapes


def test_an_address_is_shown_and_no_link_is_hidden() -> None:
    text = shown([Page(TEXT)], Stream(terminal=True), {"TERM": "xterm"})
    assert "\x1b]8" not in text
    assert "https://example.com/" in text

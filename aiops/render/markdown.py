"""Markdown on a terminal, such that its commands can be copied."""

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Markdown
from rich.text import Text
from rich.theme import Theme

THEME = Theme({"markdown.code": "cyan", "markdown.code_block": "cyan"})
"""Readable on a light terminal too: rich's own has a black background."""


class Code(CodeBlock):
    """A code block whose lines are never wrapped or padded."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in str(self.text).rstrip().splitlines():
            yield Text(f"    {line}", "markdown.code_block", no_wrap=True, overflow="ignore")


class Drawn(Markdown):
    """Markdown with such code blocks; addresses are shown, for a link cannot be copied."""

    elements = {**Markdown.elements, "fence": Code, "code_block": Code}  # noqa: RUF012 - rich's own is so

    def __init__(self, text: str) -> None:
        super().__init__(text, hyperlinks=False)

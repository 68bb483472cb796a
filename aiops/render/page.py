"""A page of Markdown."""

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text


@dataclass(frozen=True)
class Page:
    """Drawn on a terminal and wrapped there; anywhere else its own text, to be copied or searched."""

    markdown: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not console.is_terminal:
            yield Text(self.markdown.removesuffix("\n"))
            return
        from aiops.render.markdown import THEME, Drawn

        with console.use_theme(THEME):  # a Screen wraps nothing by itself
            yield from console.render(Drawn(self.markdown), options.update(no_wrap=False, overflow="fold"))

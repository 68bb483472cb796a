"""One look as a picture that fits the screen: the layers, then what is not settled, the most important first."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Column, Table
from rich.text import Text

from aiops.progress.events import ENDS, Looked, Row, State, duration, printable, tally

STYLES: Mapping[State, str] = {"hopeless": "red", "waiting": "yellow", "deferred": "yellow"}
"""The states that are worth a line while waiting, the most important first."""
BAR_WIDTH = 24
CURSOR_LINES = 2
"""Left free beneath: where the cursor rests, and the line that rich begins before it takes the picture away."""


def picture(looked: Looked, console: Console) -> RenderableType:
    """The look, cut to the console's width and height as they are now; what is lost is counted."""
    head = [Text(looked.what, "bold")]
    foot = [Text(f"{duration(looked.elapsed_s)} of {duration(looked.limit_s)}")]
    if looked.trouble:
        foot.insert(0, Text(looked.trouble, "yellow"))
    names = tuple(dict.fromkeys(row.layer for row in looked.rows))
    room = console.height - CURSOR_LINES - len(head) - len(foot)
    layers = names if len(names) + 2 <= room else ()
    rows = _fitted(looked.rows, room - len(layers), console.width)
    cut = [_cut(line, console) for line in (*rows, *foot)]
    return Group(_cut(head[0], console), *([_layers(looked.rows, layers, console)] if layers else ()), *cut)


def _cut(line: Text, console: Console) -> Text:
    line.no_wrap = True
    line.overflow = "crop" if console.options.ascii_only else "ellipsis"
    return line


def _layers(rows: Sequence[Row], layers: Sequence[str], console: Console) -> Table:
    """A bar for each layer: how many of its applications need no more waiting."""
    text = Column(no_wrap=True, max_width=console.width // 3)
    table = Table.grid(text, Column(), Column(no_wrap=True, justify="right"), Column(ratio=1, no_wrap=True))
    table.padding, table.expand = (0, 2, 0, 0), True
    for layer in layers:
        counts = tally(row for row in rows if row.layer == layer)
        ended, total = sum(counts[state] for state in ENDS), counts.total()
        bar = ProgressBar(total, ended, min(BAR_WIDTH, console.width // 4), style="bright_black", complete_style="green", finished_style="green")
        table.add_row(Text(layer), bar, f"{ended}/{total}", _others(counts))
    return table

"""One look as a picture that fits the screen: the layers, then what is not settled, the most important first."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, Group
from rich.text import Text

from aiops.progress.events import ENDS, Looked, Row, State, duration, printable, tally

STYLES: Mapping[State, str] = {"hopeless": "red", "waiting": "yellow", "deferred": "yellow"}
"""The states that are worth a line while waiting, the most important first."""
ORDER = tuple(STYLES)
BAR_WIDTH = 24
CURSOR_LINES = 2
"""Left free beneath: where the cursor rests, and the line that rich begins before it takes the picture away."""


def picture(looked: Looked, console: Console) -> Group:
    """The look, cut to the console's width and height as they are now; rows that do not fit are counted."""
    head = Text(looked.what, "bold")
    foot = [Text(looked.trouble, "yellow")] if looked.trouble else []
    foot += [Text(looked.note)] if looked.note else []
    foot.append(Text(f"{duration(looked.elapsed_s)} of {duration(looked.limit_s)}"))
    room = console.height - CURSOR_LINES - 1 - len(foot)
    layers = list(_layers(looked.rows, console))
    if len(layers) + 2 > room:
        layers = []
    rows = _fit(looked.rows, room - len(layers), console.width // 3)
    return Group(*(_cut(line, console) for line in (head, *layers, *rows, *foot)))


def _cut(line: Text, console: Console) -> Text:
    line.plain, line.no_wrap = printable(line.plain), True
    line.overflow = "crop" if console.options.ascii_only else "ellipsis"  # rich's ellipsis is no ASCII
    return line


def _layers(rows: Sequence[Row], console: Console) -> Iterator[Text]:
    """A bar for each layer: how many of its applications need no more waiting, and how the unusual ones stand."""
    layers = dict.fromkeys(row.layer for row in rows)
    width = max(map(len, layers), default=0)
    for layer in layers:
        counts = tally(row for row in rows if row.layer == layer)
        done, total = sum(counts[state] for state in ENDS), counts.total()
        others = ", ".join(f"{counts[state]} {state}" for state in counts if state != "settled")
        yield Text.assemble(f"{layer:<{width}}  ", *_bar(done, total, console), f"  {f'{done}/{total}':>5}  {others}")


def _bar(done: int, total: int, console: Console) -> tuple[tuple[str, str], tuple[str, str]]:
    full, empty = ("=", ".") if console.options.ascii_only else ("━", "╌")
    width = min(BAR_WIDTH, console.width // 4)
    filled = width * done // total
    return (full * filled, "green"), (empty * (width - filled), "bright_black")


def _fit(rows: Sequence[Row], room: int, name_width: int) -> Iterator[Text]:
    """As many rows with their evidence as there is room for, and how many rows there are beyond."""
    shown = sorted((row for row in rows if row.state in ORDER), key=lambda row: (ORDER.index(row.state), -row.since_s))
    width = min(name_width, max((len(row.name) for row in shown), default=0))
    lines = [(number, line) for number, row in enumerate(shown, start=1) for line in _row(row, width)]
    if len(lines) > room:
        lines = lines[: max(0, room - 1)]
    yield from (line for _, line in lines)
    begun = lines[-1][0] if lines else 0
    if begun < len(shown) and room > 0:
        yield Text(f"+{len(shown) - begun} more")


def _row(row: Row, width: int) -> Iterator[Text]:
    name = Text(row.name)
    name.truncate(width, overflow="crop", pad=True)
    limit = f" of {duration(row.limit_s)}" if row.limit_s else ""
    since = f"  {duration(row.since_s):>6}{limit}  "
    yield Text.assemble((f"{row.state:<8}", STYLES[row.state]), "  ", name, since, row.detail)
    for words in row.evidence:
        yield Text(f"{'':<10}{words}")

"""What was waited for: a line for each layer, then whatever is not plainly settled."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from aiops.progress.events import ENDS, Row, duration, tally
from aiops.render.glyphs import GOOD, STATES
from aiops.render.line import Line, cure

ORDER = tuple(STATES)
AS_WANTED = ("settled", "suspended", "manual")
"""The states that need nobody's attention."""


def by_layer(rows: Sequence[Row]) -> Iterator[Line]:
    """For each layer its sign, which is that of its worst row, and how many stand in which state."""
    layers = dict.fromkeys(row.layer for row in rows)
    width = max(map(len, layers), default=0)
    for layer in layers:
        inside = [row for row in rows if row.layer == layer]
        counts = tally(inside)
        words = ", ".join(f"{counts[state]} {state}" for state in reversed(ORDER) if counts[state])
        worst = min((row.state for row in inside), key=ORDER.index)
        yield Line(f"{layer:<{width}}  {words}", GOOD if worst in AS_WANTED else STATES[worst])


def remarkable(rows: Sequence[Row]) -> Iterator[Line]:
    """What is not plainly settled, worst first and longest first; what is alike in everything shares a line."""
    alike: dict[tuple[str, str, tuple[str, ...]], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (ORDER.index(row.state), -row.since_s)):
        if row.state != "settled" or row.detail:
            alike[row.state, row.detail, row.evidence].append(row)
    for same in alike.values():
        yield from _row(same[0], ", ".join(row.name for row in same))


def _row(row: Row, names: str) -> Iterator[Line]:
    since = "" if row.state in ENDS or not row.since_s else f" (for {duration(row.since_s)})"
    detail = f": {row.detail}" if row.detail else ""
    yield Line(f"{row.state:<9}  {names}{since}{detail}", STATES[row.state])
    for words in row.evidence:
        yield Line(words, indent=4)
    if row.hint:
        yield cure(row.hint, indent=4)


def phases(rows: Sequence[Row]) -> Iterator[Line]:
    """Every phase with what it took and what it may take; those ahead share a line."""
    width = max((len(row.name) for row in rows), default=0)
    for row in rows:
        if row.state != "ahead":
            limit = f" of {duration(row.limit_s)}" if row.limit_s else ""
            words = f"{row.name:<{width}}  {duration(row.since_s):>7}{limit:<10}"
            yield Line(f"{words}  {row.detail}".rstrip(), STATES[row.state])
            for evidence in row.evidence:
                yield Line(evidence, indent=4)
    if ahead := [row.name for row in rows if row.state == "ahead"]:
        yield Line(f"not reached: {', '.join(ahead)}", STATES["ahead"])

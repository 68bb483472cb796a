"""How the platform stands, for people: layers with their groups, what is not settled, models, money, last runs."""

from collections.abc import Iterator

from aiops.progress.events import Row, tally, when
from aiops.progress.results import ModelStands, Standing
from aiops.render.glyphs import BY_HAND, GOOD, INFO, STATES, UNSURE, WARNING
from aiops.render.history import table
from aiops.render.line import Line, apart
from aiops.render.rows import AS_WANTED, ORDER, remarkable


def standing(result: Standing) -> Iterator[Line]:
    """All of it but money, which stands in the last lines, and the ending."""
    yield Line(
        "; ".join(word for word in (result.context, result.revision, f"looked at {when(result.taken)}") if word), INFO
    )
    for words in result.unread:
        yield Line(words, UNSURE)
    layers = tuple(dict.fromkeys(row.layer for row in result.rows))
    width = max(map(len, layers), default=0)
    for layer in layers:
        yield _layer(layer, width, [row for row in result.rows if row.layer == layer])
    yield from apart(remarkable([row for row in result.rows if row.state not in ("settled", "manual")]))
    yield from apart(map(_model, result.models))
    yield from apart(table(result.runs))


def _layer(layer: str, width: int, rows: list[Row]) -> Line:
    worst = min((row.state for row in rows), key=ORDER.index)
    groups = ", ".join(
        f"{group} {_count(rows, group)}" for group in dict.fromkeys(row.group for row in rows if row.group)
    )
    return Line(f"{layer:<{width}}  {groups}", GOOD if worst in AS_WANTED else STATES[worst], hang=width + 2)


def _count(rows: list[Row], group: str) -> str:
    """`3` where all are as wanted, else `2 of 3`; those that wait for a hand are named."""
    counts = tally(row for row in rows if row.group == group)
    good, total = sum(number for state, number in counts.items() if state in AS_WANTED), counts.total()
    manual = f" ({counts['manual']} manual)" if counts["manual"] else ""
    return (str(total) if good == total else f"{good} of {total}") + manual


def _model(model: ModelStands) -> Line:
    who = f"{model.application or model.name}"
    if not model.wanted:
        return Line(f"{who}: off", BY_HAND)
    where = f" on {', '.join(model.nodes)}" if model.nodes else ", no node yet"
    by = f", raised by {model.raised}" if model.raised else ""
    return Line(f"{who}: {model.ready} of {model.wanted} ready{where}{by}", GOOD if model.ready else WARNING)

"""What still costs money, in the last lines of every run that knows of it."""

from collections.abc import Iterable, Iterator

from aiops.progress.events import Paid, duration
from aiops.render.glyphs import WARNING
from aiops.render.line import Line, cure


def paid(bills: Iterable[Paid]) -> Iterator[Line]:
    """Each with its age, its cost, and the command that ends it."""
    for bill in bills:
        yield Line(_words(bill), WARNING)
        if bill.stop:
            yield cure(bill.stop, indent=4)


def _words(bill: Paid) -> str:
    if not bill.node:
        return f"{bill.what} is switched on; its GPU node, once it is there, is billed from its start"
    gpu = f" ({bill.gpu})" if bill.gpu else ""
    node = f"node {bill.node}{gpu}, up for {duration(bill.age_s)}{_money(bill)}"
    return f"{bill.what} runs on {node}" if bill.what else f"{node}: bills until it leaves"


def _money(bill: Paid) -> str:
    if bill.cost is None or bill.per_hour is None:
        return ""
    return f", {bill.cost:.2f} so far ({bill.per_hour:.2f} an hour)"

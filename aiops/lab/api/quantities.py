"""Quantities as Kubernetes writes them: `500m`, `1.5`, `4Gi`."""

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

_BINARY = {"": Decimal(1), **{f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", 1)}}
_DECIMAL = {letter: Decimal(1000) ** power for power, letter in enumerate(("n", "u", "m", "", "k", *"MGTPE"), -3)}
_UNITS = {**_DECIMAL, **_BINARY}


def parse(quantity: object) -> Decimal:
    """Its amount; ValueError where it is none."""
    return _parsed(str(quantity))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Decimal:
    number = text.rstrip("EPTGMKkmuni")
    try:
        return Decimal(number) * _UNITS[text[len(number) :]]
    except (ArithmeticError, KeyError) as error:
        raise ValueError(f"{text} is no quantity") from error


def total(quantities: Iterable[object]) -> str:
    """Their sum, as Kubernetes writes it: in the notation of the first that is not zero."""
    amount, binary = Decimal(0), None
    for each in quantities:
        more = parse(each)
        if more and binary is None:
            binary = str(each).endswith("i")
        amount += more
    units = _BINARY if binary and amount == int(amount) else _DECIMAL
    unit = next((unit for unit in reversed(units) if amount and amount % units[unit] == 0), "")
    return f"{amount / units[unit]:f}".partition(".")[0] + unit

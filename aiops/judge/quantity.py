"""Kubernetes' quantities, as `16Gi` and `500m`."""

import re
from fractions import Fraction

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)")
_SUFFIXES = {
    **{suffix: Fraction(1, 1000**power) for power, suffix in enumerate("mun", 1)},
    **{suffix: Fraction(1000**power) for power, suffix in enumerate("kMGTPE", 1)},
    **{f"{suffix}i": Fraction(1024**power) for power, suffix in enumerate("KMGTPE", 1)},
}


def number_of(quantity: object) -> Fraction | None:
    """Its value: bytes of memory, cores of CPU; None where it is no quantity, or none is written."""
    found = _QUANTITY.fullmatch(str(quantity).strip()) if quantity is not None else None
    if found is None:
        return None
    number, exponent, suffix = found.groups()
    return Fraction(f"{number}{exponent or ''}") * _SUFFIXES.get(suffix or "", Fraction(1))

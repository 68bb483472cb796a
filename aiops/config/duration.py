"""Durations as operators write them: `15m`, `90s`, `1h30m`."""

import re

_WRITTEN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")


def seconds(written: str) -> float:
    """The seconds of `1h30m`, `15m`, `90s` or `0.5s`; ValueError for anything else, 0 included."""
    match = _WRITTEN.fullmatch(written)
    if not written or not match:
        raise ValueError(f"`{written}` is not a duration; write it as `15m`, `90s` or `1h30m`")
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    total = hours * 3600 + minutes * 60 + rest
    if not total:
        raise ValueError(f"`{written}` is no time at all; the shortest duration is longer than 0")
    return total

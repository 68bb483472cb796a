"""The cluster's long messages, as one short stable line."""

import re
from collections.abc import Iterable

from aiops.snapshot.masking import masked

_RETRY = re.compile(r"\.? Retrying attempt #\d+ at [^.]*\.?$")
_RPC = re.compile(r"rpc error: code = \w+ desc = ")
_LIMIT = 300


def one_line(message: str) -> str:
    """The message without line breaks, secrets and gRPC's own words, at most 300 characters."""
    line = masked(" ".join(_RPC.sub("", message).split()))
    return line if len(line) <= _LIMIT else f"{line[: _LIMIT - 3]}..."


def stable(message: str) -> str:
    """`one_line` without what changes at each try, so that an unchanged cause reads the same."""
    return one_line(_RETRY.sub("", message))


def listed(names: Iterable[str], most: int = 3) -> str:
    """`a, b, c and 2 more`."""
    every = tuple(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most} more" if len(every) > most else "")

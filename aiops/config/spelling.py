"""What the operator probably meant."""

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?`, or nothing where no known word is near."""
    near = difflib.get_close_matches(word, tuple(known), 1)
    return f"; did you mean `{near[0]}`?" if near else ""

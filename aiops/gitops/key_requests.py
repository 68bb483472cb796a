"""Where scripts of a tree have LiteLLM make a virtual key, and what they ask it for."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from aiops.gitops.declared import Declared
from aiops.gitops.nodes import Place

_CALL = "/key/generate"
_PROSE = (".md", ".mdx", ".txt", ".rst", ".adoc")
_COMMENT = ("#", "//", "*", "<!--")
_MOST_LINES = 60
_MOST_ABOVE = 5
_JSON = re.compile(r"(?<!\$)\{\s*(\\?[\"']|\})")
"""An object with its first key, or an empty one; no `${variable}`, and no `{name}` of a format."""


@dataclass(frozen=True)
class KeyRequest:
    """One call of /key/generate."""

    place: Place
    words: str
    """Of the request; of the whole file where the request takes its payload from elsewhere in it."""


def key_requests(declared: Declared) -> Iterator[KeyRequest]:
    """Those of all files but prose. A comment calls nobody."""
    for file in declared.files.under(""):
        text = "" if file.endswith(_PROSE) else declared.files.read(file) or ""
        lines = text.splitlines() if _CALL in text else []
        for number, line in enumerate(lines):
            if _CALL in line and not line.lstrip().startswith(_COMMENT):
                statement = _statement(lines, number)
                yield KeyRequest(Place(file, number + 1), statement if _has_payload(statement) else text)


def _statement(lines: Sequence[str], number: int) -> str:
    """The lines of one command or call: those that a backslash joins, or whose brackets are still open."""
    first = last = number
    while first and lines[first - 1].rstrip().endswith("\\"):
        first -= 1
    above = range(max(0, number - _MOST_ABOVE), number)
    first = next((each for each in reversed(above) if _open(lines[each:number], "(", ")") > 0), first)
    while last + 1 < len(lines) and last - first < _MOST_LINES:
        if not lines[last].rstrip().endswith("\\") and _open(lines[first : last + 1]) <= 0:
            break
        last += 1
    return "\n".join(lines[first : last + 1])


def _open(lines: Sequence[str], opening: str = "({[", closing: str = ")}]") -> int:
    text = "".join(lines)
    return sum(map(text.count, opening)) - sum(map(text.count, closing))


def _has_payload(statement: str) -> bool:
    """The JSON is written in the request itself."""
    return bool(_JSON.search(statement))

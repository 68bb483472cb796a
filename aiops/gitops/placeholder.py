"""A secret store that somebody is still to fill in."""

import re
from collections.abc import Iterator, Mapping

from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import part, value

_WORDS = re.compile(
    r"\b(TODO|FIXME|TBD|placeholder|stub|change[-_ ]?me|replace[-_ ]?me|fill[-_ ]?me|your[-_][\w-]+)\b|<[\w .-]+>",
    re.IGNORECASE,
)
_WHOLE = re.compile(r"#.*\b(PLACEHOLDER|[Pp]laceholder|STUB|[Ss]tub)\b")
_REMARK = re.compile(r"#.*\b(TODO|FIXME|PLACEHOLDER|[Pp]laceholder|STUB|[Ss]tub)\b")


def placeholder(declared: Declared, store: Manifest) -> str:
    """Why a store's provider is none yet; empty where it is one."""
    provider = part(store.body, "spec", "provider")
    if not any(settings is not None for settings in provider.values()):
        return "it has no provider"
    if value(provider, "fake") is not None and not value(provider, "fake", "data"):
        return "its provider is `fake` and holds nothing"
    for text in _texts(provider):
        if found := _WORDS.search(text):
            return f"its provider says `{found[0]}`"
    return next((f"a remark beside its provider says {found[1]}" for found in _remarks(declared, store)), "")


def _texts(body: object) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    inner = body.values() if isinstance(body, Mapping) else body if isinstance(body, list) else ()
    for each in inner:
        yield from _texts(each)


def _remarks(declared: Declared, store: Manifest) -> Iterator[re.Match[str]]:
    """Of its document; above it, only what says that all of it is none yet."""
    first = declared.place(store, "kind")
    lines = (declared.files.read(first.file) or "").splitlines()
    above = first.line - 1
    while above and not lines[above - 1].startswith("---"):
        above -= 1
        if found := _WHOLE.search(lines[above]):
            yield found
    for line in lines[first.line - 1 :]:
        if line.startswith("---"):
            return
        if found := _REMARK.search(line):
            yield found

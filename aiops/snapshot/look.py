"""What doctor and status saw: every answer by the name of its read, and why there is none.

Plain JSON from end to end, so that a look that was saved judges exactly like the one that saved it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from aiops.snapshot import Json, Unread

VERSION = 1
"""Of the file. Goes up when a reader of before would misread it."""


class NotRead(Exception):
    """A judgement needs what this look could not read."""

    def __init__(self, unread: Unread) -> None:
        super().__init__(unread.why)
        self.unread = unread


@dataclass(frozen=True, kw_only=True)
class Look:
    """One look at a cluster and at what git asks of it."""

    run: str
    """Id of the run that took it."""
    command: str
    """As it was typed."""
    context: str
    """The kube context and its server; empty where no cluster was asked."""
    namespace: str
    """Argo CD's."""
    profile: str
    """The profile that was asked for; empty: the layers that are live."""
    taken: str
    """RFC 3339, by the cluster's clock; by this machine's where no cluster answered."""
    here: str
    """The same moment by this machine's clock."""
    seconds: float
    """How long it took."""
    reads: Mapping[str, Any] = field(default_factory=dict)
    unread: Mapping[str, Unread] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """`taken` as a time."""
        return datetime.fromisoformat(self.taken)

    @property
    def names(self) -> frozenset[str]:
        """Of all reads that were tried."""
        return frozenset((*self.reads, *self.unread))

    def value(self, name: str) -> Any:  # noqa: ANN401 - whatever JSON the read gave
        """What a read answered; NotRead where it did not. A read that was never made is a bug."""
        if name in self.unread:
            raise NotRead(self.unread[name])
        return self.reads[name]

    def items(self, name: str) -> tuple[Json, ...]:
        """The objects of a list."""
        return tuple(self.value(name))

    def named(self, name: str) -> dict[str, Json]:
        """The objects of a list by their names, where these are unique."""
        return {body["metadata"]["name"]: body for body in self.items(name)}

    def narrowed(self, names: Iterable[str]) -> "Look":
        """The same look with these reads only."""
        wanted = set(names)
        return replace(
            self,
            reads={name: value for name, value in self.reads.items() if name in wanted},
            unread={name: why for name, why in self.unread.items() if name in wanted},
        )


def dumps(look: Look) -> str:
    """The look as the text of a file."""
    return json.dumps({"aiopsLook": VERSION, **asdict(look)}, indent=1) + "\n"


def loads(text: str) -> Look:
    """The look in a file's text; ValueError with what is wrong where it holds none."""
    try:
        body = json.loads(text)
    except ValueError:
        raise ValueError("it is not JSON") from None
    if not isinstance(body, dict) or "aiopsLook" not in body:
        raise ValueError("it was not written by `aiops doctor --save`")
    if (version := body.pop("aiopsLook")) != VERSION:
        raise ValueError(f"it has format {version}, and this aiops reads format {VERSION}")
    try:
        body["unread"] = {name: Unread(**why) for name, why in body["unread"].items()}
        look = Look(**body)
        if not isinstance(body["reads"], dict):
            raise ValueError("its reads are none")
        if None in (look.at.tzinfo, datetime.fromisoformat(look.here).tzinfo):
            raise ValueError("a time without its zone")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"it is damaged: {error}") from error
    return look

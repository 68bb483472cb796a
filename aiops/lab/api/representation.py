"""How objects are given to a client: whole, their metadata alone, or as a Table, by the Accept of the request."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.store import Event, Store
from aiops.lab.api.tables import partial, table

As = Literal["whole", "metadata", "table"]
FORMS: Mapping[str, As] = {
    "": "whole", "Table": "table", "PartialObjectMetadata": "metadata", "PartialObjectMetadataList": "metadata",
}  # fmt: skip
ANY = ("application/json", "application/*", "*/*", "")


def dump(body: object) -> bytes:
    """JSON as the API server writes it."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


class Encodings:
    """The JSON of the objects that are stored, made once for each version of each."""

    def __init__(self, store: Store) -> None:
        self._known: dict[str, tuple[Json, bytes]] = {}
        store.subscribers.append(self._forget)

    def of(self, body: Json) -> bytes:
        """An object that is stored."""
        uid = body["metadata"]["uid"]
        known = self._known.get(uid)
        if known is None or known[0] is not body:
            known = self._known[uid] = (body, dump({"kind": body["kind"], "apiVersion": body["apiVersion"], **body}))
        return known[1]

    def _forget(self, event: Event) -> None:
        if event.type == "DELETED":
            self._known.pop(event.object["metadata"]["uid"], None)


@dataclass(frozen=True, kw_only=True)
class Representation:
    """Of the objects of one kind, for one request."""

    kind: Kind
    version: str
    """In which it is asked for."""
    form: As
    include: str
    """What the rows of a Table have with them: Metadata, Object or None."""
    encodings: Encodings
    now: Callable[[], datetime]

    def one(self, body: Json) -> bytes:
        """An object by itself; it need not be stored."""
        match self.form:
            case "table":
                return dump(self._table([body], {"resourceVersion": body["metadata"].get("resourceVersion", "")}))
            case "metadata":
                return dump(partial(body))
            case _:
                return dump(self._in_version(body))

    def many(self, bodies: Sequence[Json], meta: Json) -> Iterator[bytes]:
        """A list of objects that are stored, with the list's own metadata; in parts, as it may be large."""
        match self.form:
            case "table":
                yield dump(self._table(bodies, meta))
            case "metadata":
                head = {"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": meta}
                yield dump({**head, "items": [partial(body) for body in bodies]})
            case _:
                head = {"kind": f"{self.kind.kind}List", "apiVersion": self._api_version, "metadata": meta}
                yield dump(head)[:-1] + b',"items":['
                for number, body in enumerate(bodies):
                    yield b"," + self._item(body) if number else self._item(body)
                yield b"]}"

    def event(self, kind: str, body: Json, *, stored: bool, first: bool) -> bytes:
        """A line of a watch; of Tables, only the first names its columns."""
        if self.form == "table":
            rows = self._table([body], {"resourceVersion": body["metadata"]["resourceVersion"]})
            content = dump(rows if first else {**rows, "columnDefinitions": None})
        elif self.form == "whole" and stored and self.version == self.kind.version:
            content = self.encodings.of(body)
        else:
            content = self.one(body)
        return b'{"type":"%b","object":%b}\n' % (kind.encode(), content)

    @property
    def _api_version(self) -> str:
        return f"{self.kind.group}/{self.version}" if self.kind.group else self.version

    def _table(self, bodies: Sequence[Json], meta: Json) -> Json:
        return table(self.kind, bodies, meta, self.now(), self.include)

    def _in_version(self, body: Json) -> Json:
        return {"kind": body["kind"], **body, "apiVersion": self._api_version}

    def _item(self, body: Json) -> bytes:
        if self.version != self.kind.version:
            return dump(self._in_version(body))
        # items of the lists of built-in kinds do not say of which kind they are
        head = b"" if self.kind.custom else dump({"kind": body["kind"], "apiVersion": body["apiVersion"]})
        return b"{" + self.encodings.of(body)[len(head) :] if head else self.encodings.of(body)


def form_of(accept: str) -> As:
    """The first that can be given of what an Accept header names; Refusal (406) where none can."""
    for clause in accept.split(","):
        media, *parameters = (part.strip() for part in clause.split(";"))
        said = dict(part.split("=", 1) for part in parameters if "=" in part)
        if media in ANY and (form := FORMS.get(said.get("as", ""))):
            return form
    able = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    message = f"406: Not Acceptable\n\nAvailable representations: {able}"
    raise Refusal(406, "NotAcceptable", message, details={})

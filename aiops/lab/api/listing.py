"""One object, or the list of all: with selectors, in pages, at a moment that can be named."""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiops.lab.api import causes
from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.refusals import Refusal, bad_request, expired, invalid_options
from aiops.lab.api.selectors import selector
from aiops.lab.api.store import Name, Store, name_of

PAGES_LAST_S = 300.0
"""How long a list can be continued: as long as etcd keeps versions that were compacted (--etcd-compaction-interval)."""
TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without"
    " the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
    " Continuing with the provided token results in an inconsistent list - objects that were created, modified, or"
    " deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Part of a list."""

    bodies: Sequence[Json]
    meta: Json


@dataclass(frozen=True, kw_only=True)
class _Moment:
    bodies: Sequence[Json]
    taken_at: float


class Lists:
    """Lists of what is stored, as it was when their first page was asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._moments: dict[tuple[str, int], _Moment] = {}

    def page(self, kind: Kind, namespace: str, query: Mapping[str, str]) -> Page:
        """The page that a request asks for."""
        chosen = selector(kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        limit, token = number(query, "limit"), query.get("continue", "")
        revision, start = _continued(token) if token else (self._revision(query), ("", ""))
        there = self._at(kind.resource, revision)
        found = [
            body for body in there
            if (name := name_of(body)) > start and namespace in ("", name[0]) and (chosen is None or chosen(body))
        ]  # fmt: skip
        meta: Json = {"resourceVersion": str(revision)}
        if limit and len(found) > limit:
            self._moments[kind.resource, revision] = _Moment(bodies=there, taken_at=time.monotonic())
            meta["continue"] = _token(revision, name_of(found[limit - 1]))
            if chosen is None:
                meta["remainingItemCount"] = len(found) - limit
            found = found[:limit]
        return Page(bodies=found, meta=meta)

    def _revision(self, query: Mapping[str, str]) -> int:
        now, asked, match = self._store.revision, query.get("resourceVersion", ""), query.get("resourceVersionMatch")
        if not asked:
            if match:
                why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
                raise invalid_options("ListOptions", causes.forbidden("resourceVersionMatch", why))
            return now
        wanted = version(asked)
        if wanted > now:
            told = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
            message = f"Timeout: Too large resource version: {wanted}, current: {now}"
            raise Refusal(504, "Timeout", message, details={"causes": told}, retry_after_s=1)
        if match == "Exact" and wanted != now:
            raise expired("The resourceVersion for the provided list is too old.")
        return now

    def _at(self, resource: str, revision: int) -> Sequence[Json]:
        if revision == self._store.revision:
            return self._store.list(resource)
        oldest = time.monotonic() - PAGES_LAST_S
        self._moments = {key: moment for key, moment in self._moments.items() if moment.taken_at > oldest}
        moment = self._moments.get((resource, revision))
        if moment is None:
            raise expired(TOO_OLD)
        return moment.bodies


def version(text: str) -> int:
    """A resourceVersion that a client sent."""
    if not text.isascii() or not text.isdigit():
        syntax = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f"invalid resource version: {syntax}")
    return int(text)


def number(query: Mapping[str, str], key: str) -> int:
    """A parameter that is a number; 0 where it is not there."""
    text = query.get(key) or "0"
    try:
        return int(text)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _token(revision: int, last: Name) -> str:
    content = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": "/".join(("", *last))})
    return base64.urlsafe_b64encode(content.encode()).rstrip(b"=").decode()


def _continued(token: str) -> tuple[int, Name]:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        _, namespace, name = found["start"].split("/")
        return int(found["rv"]), (namespace, name)
    except (ValueError, LookupError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from None

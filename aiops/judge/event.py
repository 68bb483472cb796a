"""Events: of which object, when, and how often."""

from collections.abc import Iterable
from datetime import UTC, datetime

from aiops.judge.finding import Evidence
from aiops.judge.text import one_line
from aiops.snapshot import Json, moment

NEVER = datetime.min.replace(tzinfo=UTC)
_COMBINED = "(combined from similar events): "


def events_of(body: Json, events: Iterable[Json]) -> tuple[Json, ...]:
    """An object's own events, oldest first: by uid, because a name is used again."""
    uid = body["metadata"].get("uid")
    own = (event for event in events if (event.get("involvedObject") or {}).get("uid") == uid)
    return tuple(sorted(own, key=happened))


def stamp(event: Json) -> str:
    """When it was last seen, as it is written; empty where nobody says."""
    series, meta = event.get("series") or {}, event.get("metadata") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return next((str(time) for time in (*times, meta.get("creationTimestamp")) if time), "")


def happened(event: Json) -> datetime:
    """When it was last seen; `NEVER` where nobody says."""
    return moment(stamp(event)) or NEVER


def began(event: Json) -> datetime:
    """When the first of those that it counts was seen."""
    meta = event.get("metadata") or {}
    times = (event.get("firstTimestamp"), event.get("eventTime"), meta.get("creationTimestamp"))
    return next((found for time in times if (found := moment(time))), happened(event))


def times_seen(event: Json) -> int:
    """How often it happened."""
    return max(int(event.get("count") or 1), int((event.get("series") or {}).get("count") or 1))


def words(event: Json) -> str:
    """Its whole message, the same for one and for many: what to judge by, while evidence may be cut short."""
    return str(event.get("message") or "").removeprefix(_COMBINED)


def shown(event: Json) -> Evidence:
    """The event as evidence."""
    return Evidence(f"event {event.get('reason', '')}", one_line(words(event)), stamp(event))

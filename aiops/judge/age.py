"""How long ago something was, and in which words."""

from collections.abc import Iterable
from datetime import datetime

from aiops.snapshot import Json, moment


def age_s(now: datetime, text: str | None) -> float | None:
    """Seconds since a time of the API; None where there is none. Never negative: clocks differ."""
    then = moment(text)
    return None if then is None else max(0.0, (now - then).total_seconds())


def since(seconds: float) -> str:
    """`40 s`, `25 min`, `3.5 h`, `4 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} days"


def condition(body: Json, kind: str) -> Json:
    """One condition of an object's status; empty where it has none of this type."""
    conditions: Iterable[Json] = (body.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), {})


def owned_since(body: Json, *field: str) -> str:
    """When a field was written by its owner (metadata.managedFields): `"f:spec", "f:replicas"`. Empty: nobody says."""
    times = [
        str(entry.get("time") or "")
        for entry in body["metadata"].get("managedFields") or ()
        if _holds(entry.get("fieldsV1"), field)
    ]
    return max(times, default="")


def _holds(fields: object, path: Iterable[str]) -> bool:
    for name in path:
        if not isinstance(fields, dict) or name not in fields:
            return False
        fields = fields[name]
    return True

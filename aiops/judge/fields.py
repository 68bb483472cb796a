"""What every object of Kubernetes has: conditions in its status, and the owners of its fields."""

from collections.abc import Iterable

from aiops.judge.finding import Evidence
from aiops.judge.text import one_line
from aiops.snapshot import Json


def condition(body: Json, kind: str) -> Json:
    """One condition of an object's status; empty where it has none of this type."""
    conditions: Iterable[Json] = (body.get("status") or {}).get("conditions") or ()
    return next((each for each in conditions if each.get("type") == kind), {})


def is_true(body: Json, kind: str) -> bool:
    """Whether that condition is there and holds."""
    return bool(condition(body, kind).get("status") == "True")


def said(condition: Json) -> str:
    """A condition's own words on one line; empty where it has none."""
    return one_line(condition.get("message") or condition.get("reason") or "")


def as_evidence(condition: Json) -> tuple[Evidence, ...]:
    """What a condition says, with the time of its last change; nothing where it says nothing."""
    words = said(condition)
    source = f"condition {condition.get('type', '')}"
    return (Evidence(source, words, condition.get("lastTransitionTime") or ""),) if words else ()


def owner_of(body: Json, *field: str) -> Json:
    """Who wrote a field last, and when (`manager` and `time` of metadata.managedFields); `field` as `"f:spec",
    "f:replicas"`. Empty where nobody says."""
    entries: Iterable[Json] = body["metadata"].get("managedFields") or ()
    owners = [each for each in entries if _holds(each.get("fieldsV1"), field)]
    return max(owners, key=lambda each: each.get("time") or "", default={})


def _holds(fields: object, path: Iterable[str]) -> bool:
    for name in path:
        if not isinstance(fields, dict) or name not in fields:
            return False
        fields = fields[name]
    return True

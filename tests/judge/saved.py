"""Objects of a real Argo CD 3.5.7, trimmed; every case is one of them with small named changes."""

import copy
import json
from datetime import datetime
from pathlib import Path
from typing import Any

from aiops.judge.expectation import Expected
from aiops.snapshot import Json

HEAD = "8f7ae6a00807055bdd17559d1d50a87667a617ac"
OLD = "ecac02f1613165fa57f677e949a24e021980db68"
ONE, BOTH = {0: ("main", HEAD)}, {0: ("main", HEAD), 1: ("main", HEAD)}


def saved(name: str) -> Json:
    """A fresh copy of objects/<name>.json."""
    found: Json = json.loads((Path(__file__).parent / "objects" / f"{name}.json").read_text())
    return found


def changed(body: Json, path: str, value: Any) -> Json:
    """A copy with another value at a path like `status.conditions.0.message`; None takes the key away."""
    result = copy.deepcopy(body)
    *parents, last = (int(key) if key.isdecimal() else key for key in path.split("."))
    place: Any = result
    for key in parents:
        place = place[key] if isinstance(key, int) else place.setdefault(key, {})
    if value is None:
        place.pop(last, None)
    else:
        place[last] = value
    return result


def with_changes(name: str, changes: dict[str, Any]) -> Json:
    body = saved(name)
    for path, value in changes.items():
        body = changed(body, path, value)
    return body


def expected(**changes: Any) -> Expected:
    """What objects/settled.json should be, but for the changes."""
    return Expected(
        **{
            "name": "meter",
            "layer": "ground",
            "group": "metering",
            "automatic": True,
            "made_by": "application group-metering",
            "heads": ONE,
            **changes,
        }
    )


def at(time: str) -> datetime:
    """A moment of the day on which the objects were saved: `04:28:35`."""
    return datetime.fromisoformat(f"2026-11-23T{time}Z")


SINCE = at("04:28:34")
"""A second before objects/settled.json was looked at."""
REFRESH = {"argocd.argoproj.io/refresh": "normal"}
RETRYING = {"status.operationState.phase": "Running"}
"""With `finishedAt`, which the objects have, this is the pause before a retry."""


def condition(kind: str, message: str) -> dict[str, Any]:
    """The changes that make a condition."""
    return {"status.conditions": [{"type": kind, "message": message, "lastTransitionTime": "2026-11-23T04:28:35Z"}]}


def failed(message: str = "boom", revision: str = HEAD) -> dict[str, Any]:
    """The changes that make the last sync a failed one."""
    return {
        "status.operationState.phase": "Failed",
        "status.operationState.message": message,
        "status.operationState.syncResult.revision": revision,
    }

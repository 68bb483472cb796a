"""A result as one JSON document: what `-o json` prints, whatever happened."""

import json
from typing import Any

from aiops.progress.events import Result, RunStarted, data

SCHEMA_VERSION = 1
"""Goes up when something in the document is renamed, removed or means something else; not for additions."""


def document(result: Result, run: RunStarted, seconds: float) -> dict[str, Any]:
    """The document: what every result has, beside it; what only this one has, in `result` after its `type`.

    Names are in camelCase; `seconds` is how long the whole run took.
    """
    own = data(result)
    common = {name: own.pop(name) for name in data(Result(summary=""))}
    return {
        "schemaVersion": SCHEMA_VERSION,
        **data(run),
        **common,
        "seconds": round(seconds, 3),
        "result": {"type": type(result).__name__, **own},
    }


def dumps(document: dict[str, Any]) -> str:
    """The document as indented ASCII, without a line end."""
    return json.dumps(document, indent=2)

"""Reduces an object to what a look keeps of it: the fields that judgements read, and nothing else.

An allow-list (aiops/snapshot/kept): what is not named there never gets into a look, so no Secret's value, no
environment variable, no argument, no ConfigMap's data and no foreign annotation can be in a saved one. What matters
only for whether it is the same as something else is kept as a salted hash.
"""

import hashlib
import json

from aiops.snapshot import Json
from aiops.snapshot.kept import ANY, IDENTITY, KINDS
from aiops.snapshot.kept.shapes import HASHED, OWNED, REST, WHOLE, Fields
from aiops.snapshot.masking import masked


def redacted(body: Json, salt: str) -> Json:
    """The object, reduced to what may be kept of its kind."""
    kept = _fields(body, {**IDENTITY, **KINDS.get(body.get("kind", ""), ANY)}, salt)
    meta = kept.setdefault("metadata", {})
    if managed := meta.get("managedFields"):
        meta["managedFields"] = [entry for entry in managed if _tells(entry.get("fieldsV1"))]
    return kept


def _fields(body: Json, fields: Fields, salt: str) -> Json:
    kept = {name: fields.get(name, fields.get(REST)) for name in body}
    return {name: _kept(body[name], shape, salt) for name, shape in kept.items() if shape is not None}


def _kept(value: object, shape: str | Fields, salt: str) -> object:
    if shape == HASHED:
        return _hash(value, salt)
    if isinstance(value, list):
        return [_kept(each, shape, salt) for each in value]
    if isinstance(value, dict):
        return _fields(value, {REST: WHOLE} if isinstance(shape, str) else shape, salt)
    if shape != WHOLE:
        return None
    return masked(value) if isinstance(value, str) else value


def _tells(fields: object) -> bool:
    """Whether anything is left of what a manager owns."""
    return isinstance(fields, dict) and any(name in OWNED or _tells(each) for name, each in fields.items())


def _hash(value: object, salt: str) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(f"{salt}{text}".encode()).hexdigest()[:16]

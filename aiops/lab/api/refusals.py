"""What the API server says no with: Status objects, worded as the real one words them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from aiops.lab.api import causes
from aiops.lab.api.causes import Cause
from aiops.lab.api.kinds import Json, Kind


class Refusal(Exception):
    """An answer that is a Status of failure."""

    def __init__(
        self, code: int, reason: str, message: str, *, details: Json | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.code, self.reason, self.message = code, reason, message
        self.details, self.retry_after_s = details, retry_after_s

    def status(self) -> Json:
        """The body."""
        body: Json = {
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
            "message": self.message, **({"reason": self.reason} if self.reason else {}),
        }  # fmt: skip
        if self.details is not None or self.retry_after_s is not None:
            later = {} if self.retry_after_s is None else {"retryAfterSeconds": self.retry_after_s}
            body["details"] = {**(self.details or {}), **later}
        return {**body, "code": self.code}


def details(kind: Kind, name: str = "", **more: object) -> Json:
    """What a refusal is about."""
    found = {"name": name, "group": kind.group, "kind": kind.plural, **more}
    return {key: value for key, value in found.items() if value}


def not_found(kind: Kind, name: str) -> Refusal:
    """404 of an object."""
    return Refusal(404, "NotFound", f'{kind.resource} "{name}" not found', details=details(kind, name))


def already_exists(kind: Kind, name: str) -> Refusal:
    """409 of a create."""
    return Refusal(409, "AlreadyExists", f'{kind.resource} "{name}" already exists', details=details(kind, name))


def conflict(kind: Kind, name: str, why: str) -> Refusal:
    """409 of a write that rests on something that is no longer so."""
    message = f'Operation cannot be fulfilled on {kind.resource} "{name}": {why}'
    return Refusal(409, "Conflict", message, details=details(kind, name))


def without_version(kind: Kind, name: str) -> Refusal:
    """422 of a custom resource that is replaced by who did not read it."""
    cause = causes.invalid("metadata.resourceVersion", 0, "must be specified for an update")
    return invalid(replace(kind, kind=kind.plural), name, [cause])


def terminating(kind: Kind, body: Json) -> Refusal:
    """403 of what is to be created in a namespace that is about to go."""
    name = body["metadata"]["namespace"]
    why = f"unable to create new content in namespace {name} because it is being terminated"
    found = forbidden(kind, body["metadata"]["name"], why)
    cause = {"reason": "NamespaceTerminating", "message": f"namespace {name} is being terminated"}
    found.details = {**(found.details or {}), "causes": [{**cause, "field": "metadata.namespace"}]}
    return found


def another(kind: Kind, old: Json, uid: str) -> str:
    """Why a write of an object that was deleted and created again conflicts."""
    group, meta = f"{kind.group}/" if kind.custom else "", old["metadata"]
    key = "/".join(filter(None, (f"/registry/{group}{kind.plural}", meta.get("namespace"), meta["name"])))
    why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {meta['uid']}"
    return f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {why}"


def preconditions(old: Json, *, uid: str, version: str) -> Iterator[str]:
    """Why the preconditions of a deletion do not hold."""
    for name, wanted, since in (("UID", uid, "deleted and then recreated"), ("ResourceVersion", version, "modified")):
        found = old["metadata"]["uid" if name == "UID" else "resourceVersion"]
        if wanted and wanted != found:
            yield (
                f"the {name} in the precondition ({wanted}) does not match the {name} in record ({found})."
                f" The object might have been {since}"
            )


CHANGED = "the object has been modified; please apply your changes to the latest version and try again"


def forbidden(kind: Kind, name: str, why: str) -> Refusal:
    """403 of admission."""
    return Refusal(403, "Forbidden", f'{kind.resource} "{name}" is forbidden: {why}', details=details(kind, name))


def bad_request(why: str) -> Refusal:
    """400."""
    return Refusal(400, "BadRequest", why)


def invalid(kind: Kind, name: str, why: Sequence[Cause]) -> Refusal:
    """422."""
    words = [f"{field}: {message}" for _, field, message in why]
    said = words[0] if len(words) == 1 else f"[{', '.join(words)}]"
    who = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    found = {**details(kind, name), "kind": kind.kind, "causes": [_told(each) for each in why]}
    return Refusal(422, "Invalid", f'{who} "{name}" is invalid: {said}', details=found)


def invalid_patch(new: Json, why: str) -> Refusal:
    """422 of what a patch makes of an object."""
    message = f"Invalid value: {json.dumps(json.dumps(new, separators=(',', ':')))}: {why}"
    told = _told(("FieldValueInvalid", "patch", message))
    return Refusal(422, "Invalid", f' "" is invalid: patch: {message}', details={"causes": [told]})


def invalid_options(options: str, why: Cause) -> Refusal:
    """422 of a request's parameters, as `ListOptions`."""
    _, field, message = why
    found = {"group": "meta.k8s.io", "kind": options, "causes": [_told(why)]}
    return Refusal(422, "Invalid", f'{options}.meta.k8s.io "" is invalid: {field}: {message}', details=found)


def _told(cause: Cause) -> Json:
    reason, field, message = cause
    return {"reason": reason, "message": message, "field": field}


def expired(why: str) -> Refusal:
    """410 of a version that is no longer known."""
    return Refusal(410, "Expired", why)

"""What the API server says no with: Status objects, worded as the real one words them."""

from collections.abc import Sequence

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
            "message": self.message, "reason": self.reason,
        }  # fmt: skip
        if self.details is not None:
            body["details"] = self.details
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


CHANGED = "the object has been modified; please apply your changes to the latest version and try again"


def forbidden(kind: Kind, name: str, why: str) -> Refusal:
    """403 of admission."""
    return Refusal(403, "Forbidden", f'{kind.resource} "{name}" is forbidden: {why}', details=details(kind, name))


def bad_request(why: str) -> Refusal:
    """400."""
    return Refusal(400, "BadRequest", why)


def invalid(kind: Kind, name: str, causes: Sequence[tuple[str, str, str]]) -> Refusal:
    """422; each cause is reason, field and message."""
    words = [f"{field}: {message}" for _, field, message in causes]
    said = words[0] if len(words) == 1 else f"[{', '.join(words)}]"
    who = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    found = details(kind, name)
    found["kind"] = kind.kind
    found["causes"] = [{"reason": reason, "message": message, "field": field} for reason, field, message in causes]
    return Refusal(422, "Invalid", f'{who} "{name}" is invalid: {said}', details=found)


def invalid_options(options: str, reason: str, field: str, message: str) -> Refusal:
    """422 of a request's parameters, as `ListOptions`."""
    causes = [{"reason": reason, "message": message, "field": field}]
    found = {"group": "meta.k8s.io", "kind": options, "causes": causes}
    return Refusal(422, "Invalid", f'{options}.meta.k8s.io "" is invalid: {field}: {message}', details=found)


def expired(why: str) -> Refusal:
    """410 of a version that is no longer known."""
    return Refusal(410, "Expired", why)

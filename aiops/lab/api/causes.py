"""Why an object is invalid, as the API server says it (apimachinery, util/validation/field/errors.go)."""

import json

from aiops.lab.api.kinds import Value

Cause = tuple[str, str, str]
"""Reason, field and message."""


def invalid(field: str, value: Value, why: str) -> Cause:
    """A value that is wrong."""
    return "FieldValueInvalid", field, f"Invalid value: {shown(value)}: {why}"


def required(field: str, why: str = "") -> Cause:
    """A value that is not there."""
    return "FieldValueRequired", field, f"Required value: {why}" if why else "Required value"


def forbidden(field: str, why: str) -> Cause:
    """A change that is not to be."""
    return "FieldValueForbidden", field, f"Forbidden: {why}"


def unsupported(field: str, value: str, known: list[Value]) -> Cause:
    """A value that is none of the known ones; `value` as it is shown."""
    return (
        "FieldValueNotSupported",
        field,
        f"Unsupported value: {value}: supported values: {', '.join(map(shown, known))}",
    )


def shown(value: Value) -> str:
    """A value in a message."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def in_go(value: Value) -> str:
    """A value as Go's `%v` shows it."""
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{in_go(value[key])}' for key in sorted(value))}]"
    return f"[{' '.join(map(in_go, value))}]" if isinstance(value, list) else str(value)

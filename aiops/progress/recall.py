"""The inverse of `events.data`: an event out of its JSON, whichever version of aiops wrote it."""

import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from aiops.progress import events, results
from aiops.progress.events import Event, camel

_EVENTS = {
    name: kind
    for name, kind in (vars(events) | vars(results)).items()
    if isinstance(kind, type) and issubclass(kind, Event)
}
Made = TypeVar("Made")


@cache
def _hints(kind: object) -> dict[str, Any]:
    return get_type_hints(kind)


class _Unfit(Exception):
    """A value that its type does not allow."""


def event_of(name: str, given: Mapping[str, Any]) -> Event | None:
    """The event of that name; None for one that this version does not know, or that lacks a field it must have.

    Fields it does not know are ignored. A value of the wrong type counts as missing: its default is taken.
    """
    try:
        return _made(_EVENTS[name], given)
    except (KeyError, _Unfit):
        return None


def _made(kind: type[Made], given: Mapping[str, Any]) -> Made:
    values, hints = {}, _hints(kind)  # type: ignore[arg-type]  # to mypy a type[Made] is not hashable
    for each in fields(kind):  # type: ignore[arg-type]  # of a dataclass
        if camel(each.name) in given:
            try:
                values[each.name] = _read(hints[each.name], given[camel(each.name)])
            except _Unfit:
                continue
    try:
        return kind(**values)
    except TypeError as error:  # a field without a default is missing
        raise _Unfit from error


def _read(hint: object, value: object) -> object:
    """The value as `hint` wants it."""
    parts = get_args(hint)
    match get_origin(hint):
        case kind if kind is UnionType:
            return _first(parts, value)
        case kind if kind is Literal and value in parts:
            return value
        case kind if kind is tuple and isinstance(value, list):
            return _tuple(parts, value)
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, dict):
        return _made(hint, value)
    if hint is datetime and isinstance(value, str):
        return _time(value)
    # NaN and infinities are JSON to Python, and nothing that can be shown as a duration
    if hint is float and isinstance(value, int | float) and not isinstance(value, bool):
        fits = abs(value) <= sys.float_info.max
    else:
        fits = type(value) is hint
    if fits:
        return value
    raise _Unfit


def _first(parts: tuple[object, ...], value: object) -> object:
    for part in parts:
        try:
            return _read(part, value)
        except _Unfit:
            continue
    raise _Unfit


def _tuple(parts: tuple[object, ...], value: list[object]) -> tuple[object, ...]:
    if parts[-1] is Ellipsis:
        return tuple(_read(parts[0], each) for each in value)
    if len(parts) != len(value):
        raise _Unfit
    return tuple(_read(part, each) for part, each in zip(parts, value, strict=True))


def _time(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise _Unfit from error

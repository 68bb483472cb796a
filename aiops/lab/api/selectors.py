"""Label and field selectors, with the API server's words where one cannot be read."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.refusals import bad_request

Selector = Callable[[Json], bool]
"""Whether an object is chosen."""
Test = Callable[[Mapping[str, str]], bool]
TOKEN = re.compile(r"\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)")
OPERATORS = ("in", "notin", "=", "==", "!=", "gt", "lt")
FIELDS = {
    "pods": (
        "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork",
        "status.phase", "status.podIP", "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
        "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath", "reason",
        "reportingComponent", "source", "type",
    ),
    "nodes": ("spec.unschedulable",), "namespaces": ("status.phase", "name"), "secrets": ("type",),
    "services": ("spec.clusterIP", "spec.type"), "jobs.batch": ("status.successful",),
    "replicasets.apps": ("status.replicas",),
}  # fmt: skip
"""What field selectors may name beside name and namespace (pkg/apis/*/v1/conversion.go)."""
PLACES = {"source": "source.component", "name": "metadata.name", "status.successful": "status.succeeded"}
"""Where a field's name is not its path."""
NOTHING = {"spec.unschedulable": "false", "spec.hostNetwork": "false", "status.successful": "0", "status.replicas": "0"}
"""What a field holds that is not there; others are empty."""


def selector(kind: Kind, labels: str, fields: str) -> Selector | None:
    """Both; None where everything is chosen."""
    by_labels, by_fields = list(label_tests(labels)), list(_field_tests(kind, fields))
    if not by_labels and not by_fields:
        return None

    def chosen(body: Json) -> bool:
        found = body["metadata"].get("labels") or {}
        return all(test(found) for test in by_labels) and all(test(body) for test in by_fields)

    return chosen


def label_tests(text: str) -> Iterator[Test]:
    """One for each requirement of a label selector, as `app=web,tier in (a, b),!old`."""
    words = [*TOKEN.findall(text), ""]
    while words[0]:
        yield _requirement(words)
        match words.pop(0):
            case ",":
                if not words[0]:
                    raise _unreadable(words, "identifier after ','")
            case "":
                return
            case word:
                raise _unreadable([word], "',' or 'end of string'")


def _requirement(words: list[str]) -> Test:
    if words[0] == "!":
        del words[0]
        absent = words.pop(0)
        return lambda labels: absent not in labels
    if not re.match(r"\w", words[0]):
        raise bad_request(f"found '{words[0]}', expected: !, identifier, or 'end of string'")
    key = words.pop(0)
    if words[0] in (",", ""):
        return lambda labels: key in labels
    if words[0] not in (*OPERATORS, "<", ">"):
        raise _unreadable(words, ", ".join(OPERATORS))
    match words.pop(0):
        case "in":
            among = _values(words)
            return lambda labels: labels.get(key) in among
        case "notin":
            apart = _values(words)
            return lambda labels: labels.get(key) not in apart
        case "!=":
            other = _value(words)
            return lambda labels: labels.get(key) != other
        case "=" | "==":
            value = _value(words)
            return lambda labels: labels.get(key) == value
        case sign:
            more, limit = sign in (">", "gt"), int(_value(words))
            return lambda labels: key in labels and (int(labels[key]) - limit) * (1 if more else -1) > 0


def _value(words: list[str]) -> str:
    return words.pop(0) if words[0] not in (",", "") else ""


def _values(words: list[str]) -> set[str]:
    if words[0] != "(":
        raise _unreadable(words, "'('")
    del words[0]
    found = set()
    while True:
        found.add("" if words[0] in (",", ")") else words.pop(0))
        match words[0]:
            case ",":
                del words[0]
            case ")":
                del words[0]
                return found
            case _:
                raise _unreadable(words, "',' or ')'")


def _unreadable(words: list[str], expected: str) -> Exception:
    return bad_request(f"unable to parse requirement: found '{words[0]}', expected: {expected}")


def _field_tests(kind: Kind, text: str) -> Iterator[Callable[[Json], bool]]:
    for part in filter(None, text.split(",")):
        field, sign, value = _term(part, text)
        _check_field(kind, field)
        yield _field_test(PLACES.get(field, field).split("."), sign, value, NOTHING.get(field, ""))


def _term(part: str, text: str) -> tuple[str, str, str]:
    found = re.fullmatch(r"([^=!]*)(!=|==|=)(.*)", part)
    if found is None:
        raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
    field, sign, value = found.groups()
    return field, sign, value


def _check_field(kind: Kind, field: str) -> None:
    if field in ("metadata.name", "metadata.namespace", *FIELDS.get(kind.resource, ())):
        return
    if kind.custom or kind.resource in FIELDS:
        raise bad_request(f"field label not supported: {field}")
    raise bad_request(f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"')


def chooses(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether the LabelSelector that an object holds chooses these labels."""
    return (selector.get("matchLabels") or {}).items() <= labels.items() and all(
        holds(each, labels.get(each["key"])) for each in selector.get("matchExpressions") or ()
    )


def holds(expression: Json, value: str | None) -> bool:
    """Whether one of its expressions holds of the value of its label; None: it is not there."""
    match expression["operator"]:
        case "In":
            return value in expression["values"]
        case "NotIn":
            return value not in expression["values"]
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False


def _field_test(path: list[str], sign: str, value: str, nothing: str) -> Callable[[Json], bool]:
    def test(body: Json) -> bool:
        found: Any = body
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        said = nothing if found is None else str(found).lower() if isinstance(found, bool) else str(found)
        return (said == value) != (sign == "!=")

    return test

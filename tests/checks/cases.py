"""Cases of a check: what is different from a healthy platform, and what the check must say of it.

A case is a YAML file in `cases/<slug>/`:

    about: why this is a finding, or a false positive that must not be one
    look:                      # what differs from the healthy look (looks/healthy.json, saved from the real stack)
      taken: 2026-...          # fields of the look itself
    reads:                     # a read's whole new value
      storage-classes: []
    patch:                     # JSON patch (RFC 6902: add, replace, remove) of a read; `-` appends
      nodes: [{op: replace, path: /0/spec/providerID, value: aws:///x}]
    unread:                    # reads that failed
      nodes: {why: "kubernetes x: cannot list nodes (403): ...", refused: true}
    expect:
      status: fail             # of the check
      findings:                # every finding that is not ok, in order: each field is found in the finding's own
        - {status: fail, symptom: none of the StorageClasses, fix: kubectl annotate}
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from aiops.snapshot import Json, Unread
from aiops.snapshot.look import Look, loads

HERE = Path(__file__).parent
FOLDER = HERE / "cases"


@cache
def healthy() -> Look:
    """The sample platform at profile full, as the real stack showed it."""
    return loads((HERE / "looks" / "healthy.json").read_text())


def cases() -> Iterator[tuple[str, Path]]:
    """(slug, file) of every case."""
    for file in sorted(FOLDER.glob("*/*.yaml")):
        yield file.parent.name, file


def read(file: Path) -> Json:
    """A case."""
    found: Json = yaml.safe_load(file.read_text())
    unknown = found.keys() - {"about", "look", "reads", "patch", "unread", "expect"}
    assert not unknown, f"{file}: {unknown}"
    return found


def look_of(case: Json) -> Look:
    """The healthy look with what the case changes."""
    base = healthy()
    reads = {**deepcopy(dict(base.reads)), **case.get("reads", {})}
    for name, operations in case.get("patch", {}).items():
        reads[name] = patched(reads[name], operations)
    unread = {name: Unread(what=name, **why) for name, why in case.get("unread", {}).items()}
    for name in unread:
        reads.pop(name)
    return replace(base, reads=json.loads(json.dumps(reads, default=str)), unread=unread, **case.get("look", {}))


def patched(document: Any, operations: list[Json]) -> Any:
    """The document after a JSON patch."""
    for operation in operations:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        target = document
        for part in way:
            target = target[int(part) if isinstance(target, list) else part]
        if isinstance(target, list):
            _in_list(target, last, operation)
        elif operation["op"] == "remove":
            del target[last]
        else:
            assert operation["op"] == "add" or last in target, f"nothing to replace at {operation['path']}"
            target[last] = operation["value"]
    return document


def _in_list(target: list[Any], last: str, operation: Json) -> None:
    index = len(target) if last == "-" else int(last)
    if operation["op"] == "add":
        target.insert(index, operation["value"])
    elif operation["op"] == "remove":
        del target[index]
    else:
        target[index] = operation["value"]

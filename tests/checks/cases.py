"""Cases of a check: what is different from a healthy platform, and what the check must say of it.

A case is a YAML file in `cases/<slug>/`:

    about: why this is a finding, or a false positive that must not be one
    look:                      # what differs from the healthy look (looks/healthy.json, saved from the real stack)
      taken: 2026-...          # fields of the look itself
    reads:                     # a read's whole new value
      storage-classes: []
    patch:                     # JSON patch (RFC 6902: add, replace, remove) of a read
      nodes: [{op: replace, path: "/[name=cpu-0]/spec/providerID", value: aws:///x}]
    tree:                      # what differs from the sample tree in platform/, for the static half (trees.py)
      write: {extra/job.yaml: "..."}
      edit: {serving/embeddings/deployment.yaml: [[old text, new text]]}
      remove: [serving/kserve/crds.yaml]
      config: [["gpu_stack: gke-managed", "gpu_stack: operator"]]
    unread:                    # reads that failed
      nodes: {why: "kubernetes x: cannot list nodes (403): ...", refused: list nodes}
    expect:
      status: fail             # of the check
      says: 2 nodes            # in the first finding, also where it is ok
      findings:                # every finding that is not ok, in order: each field is found in the finding's own
        - {status: fail, symptom: none of the StorageClasses, fix: kubectl annotate}

In a path, `[name=dex]` is the one item of a list that has this field, in its metadata or itself, `[Pod]` the one that
is a list with this text in it, `[*]` is each item, and `-` is the end of the list.
"""

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from aiops.checks import ALL
from aiops.checks.linting import DECLARED, lint
from aiops.gitops.parsing import parse
from aiops.snapshot import Json, Unread
from aiops.snapshot.look import Look, loads
from tests.checks.trees import of_sample, tree_of

HERE = Path(__file__).parent
FOLDER = HERE / "cases"


@cache
def healthy() -> Look:
    """The sample platform at profile full, as the real stack showed it; what its tree declares is judged anew."""
    found = loads((HERE / "looks" / "healthy.json").read_text())
    return replace(found, reads={**found.reads, DECLARED: of_sample()})


def cases() -> Iterator[tuple[str, Path]]:
    """(slug, file) of every case."""
    for file in sorted(FOLDER.glob("*/*.yaml")):
        yield file.parent.name, file


@cache
def read(file: Path) -> Json:
    """A case; its times are texts, as in JSON."""
    (found,) = parse(file.read_text(), str(file))
    unknown = found.keys() - {"about", "look", "reads", "patch", "tree", "unread", "expect"}
    assert not unknown, f"{file}: {unknown}"
    return dict(found)


@cache
def look_of(file: Path) -> Look:
    """The healthy look with what a case changes; of its tree, what the case's own check finds."""
    base, case = healthy(), read(file)
    checks = [check for check in ALL if check.slug == file.parent.name]
    found = lint(tree_of(case["tree"]), checks) if "tree" in case else {}
    reads = {**base.reads, DECLARED: {**base.reads[DECLARED], **found}, **case.get("reads", {})}
    changed = {name: patched(reads[name], operations) for name, operations in case.get("patch", {}).items()}
    unread = {name: Unread(what=name, **why) for name, why in case.get("unread", {}).items()}
    there = {name: value for name, value in {**reads, **changed}.items() if name not in unread}
    return replace(base, reads=there, unread=unread, **case.get("look", {}))


def patched(document: Any, operations: list[Json]) -> Any:
    """The document after a JSON patch; it is not changed itself."""
    # through JSON: a copy, and what YAML shares by an anchor is its own again
    document = json.loads(json.dumps(document))
    for operation in operations:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in split(operation["path"])]
        for target in reached(document, way):
            change(target, last, operation)
    return document


def split(path: str) -> list[str]:
    """The parts of a path. A `/` in brackets is no border."""
    parts, depth = [""], 0
    for letter in path.removeprefix("/"):
        depth += (letter == "[") - (letter == "]")
        if letter == "/" and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def reached(document: Any, way: list[str]) -> Iterator[Any]:
    """Everything that a path leads to: one, or with `[*]` all."""
    if not way:
        yield document
        return
    part, rest = way[0], way[1:]
    if isinstance(document, list):
        for index in indexes(document, part):
            yield from reached(document[index], rest)
    else:
        yield from reached(document[part], rest)


def indexes(items: list[Any], part: str) -> list[int]:
    """Which items of a list are meant; AssertionError where `[...]` does not mean exactly one."""
    if part == "[*]":
        return list(range(len(items)))
    if not part.startswith("["):
        return [int(part)]
    found = [index for index, item in enumerate(items) if meant(item, part.strip("[]"))]
    assert len(found) == 1, f"{part} is {len(found)} of {len(items)}"
    return found


def meant(item: Any, selector: str) -> bool:
    """Whether a selector, without its brackets, means this item."""
    field, equals, text = selector.partition("=")
    if not equals:
        return isinstance(item, list) and selector in item
    return isinstance(item, dict) and text in (item.get("metadata", {}).get(field), item.get(field))


def change(target: Any, last: str, operation: Json) -> None:
    """One operation on what holds its target."""
    kind, value = operation["op"], deepcopy(operation.get("value"))
    assert kind in ("add", "replace", "remove"), kind
    if isinstance(target, list):
        if kind == "add":
            target.insert(len(target) if last == "-" else int(last), value)
            return
        for index in reversed(indexes(target, last)):
            target[index : index + 1] = [] if kind == "remove" else [value]
        return
    assert kind == "add" or last in target, f"there is no {operation['path']}"
    if kind == "remove":
        del target[last]
    else:
        target[last] = value

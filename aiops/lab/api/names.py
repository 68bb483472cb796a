"""How objects may be called, and what their metadata may hold (apimachinery, util/validation and api/validation)."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from aiops.lab.api import causes
from aiops.lab.api.causes import Cause
from aiops.lab.api.kinds import Json, Kind


@dataclass(frozen=True)
class Spelling:
    """A rule for names."""

    words: str
    pattern: str
    examples: tuple[str, ...]

    def broken(self, name: str) -> str:
        """What is wrong with a name; empty: nothing."""
        if re.fullmatch(self.pattern, name):
            return ""
        examples = ",  or ".join(f"'{each}'" for each in self.examples)
        return f"{self.words} (e.g. {examples}, regex used for validation is '{self.pattern}')"


ENDS = "and must start and end with an alphanumeric character"
LABEL = Spelling(
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {ENDS}",
    "[a-z0-9]([-a-z0-9]*[a-z0-9])?", ("my-name", "123-abc"),
)  # fmt: skip
SUBDOMAIN = Spelling(
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {ENDS}",
    r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", ("example.com",),
)  # fmt: skip
KEY = Spelling(
    f"name part must consist of alphanumeric characters, '-', '_' or '.', {ENDS}",
    "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", ("MyName", "my.name", "123-abc"),
)  # fmt: skip
VALUE = Spelling(
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {ENDS}",
    "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?", ("MyValue", "my_value", "12345"),
)  # fmt: skip
FREE = frozenset({"rbac.authorization.k8s.io", "apiregistration.k8s.io"})
"""Groups whose names need only fit into a path."""
OWN_FINALIZERS = frozenset({
    "kubernetes", "orphan", "foregroundDeletion", "customresourcecleanup.apiextensions.k8s.io",
})  # fmt: skip
"""Those that need no domain (core/helper/helpers.go)."""


def misnamed(kind: Kind, new: Json, old: Json | None) -> Iterator[Cause]:
    """What is wrong with an object's metadata."""
    meta = new["metadata"]
    if old is None and kind.group not in FREE:
        yield from _invalid("metadata.name", meta["name"], _broken(kind, meta["name"]))
    for key, value in (meta.get("labels") or {}).items():
        yield from _invalid("metadata.labels", key, KEY.broken(key.rpartition("/")[2]))
        yield from _invalid("metadata.labels", value, VALUE.broken(value))
    for key in meta.get("annotations") or {}:
        yield from _invalid("metadata.annotations", key, KEY.broken(key.rpartition("/")[2].lower()))
    for index, name in enumerate(meta.get("finalizers") or ()):
        if not kind.custom and "/" not in name and name not in OWN_FINALIZERS:
            why = "name is neither a standard finalizer name nor is it fully qualified"
            yield from _invalid(f"metadata.finalizers[{index}]", name, why)
    if old is not None and "deletionTimestamp" in old["metadata"]:
        before = old["metadata"].get("finalizers", ())
        if added := [name for name in meta.get("finalizers") or () if name not in before]:
            found = ", ".join(map(json.dumps, added))
            why = "no new finalizers can be added if the object is being deleted, found new finalizers"
            yield causes.forbidden("metadata.finalizers", f"{why} []string{{{found}}}")


def _broken(kind: Kind, name: str) -> str:
    if kind.resource == "services" and "." in name:
        return "must not contain dots"
    return (LABEL if kind.resource in ("namespaces", "services") else SUBDOMAIN).broken(name)


def _invalid(field: str, value: str, why: str) -> Iterator[Cause]:
    if why:
        yield causes.invalid(field, value, why)

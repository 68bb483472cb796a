"""How scenarios break a platform by a change, mend it again, and see what `doctor` makes of it."""

import json
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from aiops.snapshot import Json
from tests.scenarios.by_hand import OFF, stamp
from tests.scenarios.cluster import Cluster, patch_status
from tests.scenarios.conftest import Operator, Outcome
from tests.scenarios.models import NAMESPACE

Environ = Mapping[str, str]
Broken = Callable[[Operator], AbstractContextManager[Environ]]
"""Breaks something, gives what doctor's environment needs to see it, and puts it back."""
PROFILE = ("--profile", "full")
BAD = ("fail", "unknown", "warn")
LONG_AGO_S = 3600.0
UNTOUCHED = ",".join(f"{key}={value}" for key, value in OFF.items())


@dataclass(frozen=True)
class Seen:
    """What doctor found."""

    outcome: Outcome

    @property
    def checks(self) -> dict[str, Json]:
        """Each by its slug."""
        return {each["slug"]: each for each in self.outcome.document["result"]["checks"]}

    @property
    def bad(self) -> dict[str, str]:
        """The status of each check that was judged and is not well."""
        return {slug: each["status"] for slug, each in self.checks.items() if each["status"] in BAD}

    @property
    def causes(self) -> set[str]:
        """What others were not judged for."""
        return {each["because"] for each in self.checks.values() if each["because"]}

    def says(self, slug: str) -> str:
        """All words of a check, a line for each finding."""
        return "\n".join(json.dumps(each, ensure_ascii=False) for each in self.checks[slug]["findings"])


def doctor(operator: Operator, *words: str, environ: Environ | None = None) -> Seen:
    return Seen(operator("doctor", "-o", "json", *words, environ=environ))


def assert_sound(operator: Operator, *slugs: str) -> None:
    """All of it, or what these checks are about."""
    seen = doctor(operator, *PROFILE, *(word for slug in slugs for word in ("--only", slug)))
    assert (seen.outcome.code, seen.bad) == (0, {}), seen.outcome


def by_kubectl(do: str, undo: str = "") -> Broken:
    """A command, and the one that takes it back."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        operator.cluster.kubectl(*do.split())
        try:
            yield {}
        finally:
            if undo:
                operator.cluster.kubectl(*undo.split())

    return broken


def with_object(*bodies: Json) -> Broken:
    """An object, or several, that are there meanwhile."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        with made(operator.cluster, *bodies):
            yield {}

    return broken


@contextmanager
def made(cluster: Cluster, *bodies: Json) -> Iterator[None]:
    """Objects, for a while."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies})
    cluster.kubectl("create", "-f", "-", text=text)
    try:
        yield
    finally:
        cluster.kubectl("delete", "--ignore-not-found", "-f", "-", text=text)


def as_if_long_ago(cluster: Cluster, kind: str, name: str, namespace: str, field_name: str) -> None:
    """The server remembers that the owner of a field wrote it an hour ago (metadata.managedFields)."""
    then = stamp(LONG_AGO_S)

    def owners() -> tuple[list[Json], list[Json]]:
        words = ("-n", namespace, "get", kind, name, "-o", "json", "--show-managed-fields")
        entries = json.loads(cluster.kubectl(*words))["metadata"]["managedFields"]
        owning = (entry for entry in entries if f'"{field_name}"' in json.dumps(entry["fieldsV1"]))
        return entries, [entry for entry in owning if "subresource" not in entry]

    entries, owning = owners()
    for entry in owning:
        entry["time"] = then
    # times alone the server would not take: something else has to change, by somebody else
    meta = {"managedFields": entries, "annotations": {"tests/aged": str(time.time_ns())}}
    patch = json.dumps({"metadata": meta})
    cluster.kubectl("-n", namespace, "patch", kind, name, "--type=merge", "--field-manager=tests", "-p", patch)
    assert {entry["time"] for entry in owners()[1]} == {then}, owners()


def started_long_ago(cluster: Cluster, label: str) -> None:
    """The kubelet says that the containers of a model's one pod were."""
    words = ("-n", NAMESPACE, "get", "pods", "-l", label, "-o", "json")
    (pod,) = json.loads(cluster.kubectl(*words))["items"]
    containers = [
        {**each, "state": {"running": {"startedAt": stamp(LONG_AGO_S)}}} for each in pod["status"]["containerStatuses"]
    ]
    patch_status(cluster, "pod", pod["metadata"]["name"], {"containerStatuses": containers}, NAMESPACE)


def settle(operator: Operator, *words: str) -> None:
    """Until all of it stands as doctor sees it, which asks nobody to look again."""
    for each in (*((words,) if words else ()), ("wait", *PROFILE, "--passive")):
        outcome = operator(*each)
        assert outcome.code == 0, outcome


@contextmanager
def by_hand(operator: Operator, kind: str, name: str, namespace: str, condition: Json) -> Iterator[Environ]:
    """What its operator says of an object; afterwards that says again what is so."""
    kubectl = operator.cluster.kubectl
    kubectl("-n", namespace, "annotate", kind, name, UNTOUCHED)
    patch_status(operator.cluster, kind, name, {"conditions": [condition]}, namespace)
    yield {}
    kubectl("-n", namespace, "annotate", kind, name, *(f"{key}-" for key in OFF))
    kubectl("-n", namespace, "wait", kind, name, f"--for=condition={condition['type']}", "--timeout=60s")
    settle(operator)


def rewritten(operator: Operator, file: Path, change: Callable[[Json], None], *words: str) -> Seen:
    """What doctor finds in a look of now once that is changed."""
    kept = operator("doctor", *PROFILE, *words, "--save", str(file))
    assert kept.code in (0, 3), kept
    look = json.loads(file.read_text())
    change(look)
    file.write_text(json.dumps(look))
    return doctor(operator, "--from", str(file), *words)


def later(hours: float, *clocks: str) -> Callable[[Json], None]:
    """Nobody can write when an object was created: so much later it is that much older."""

    def change(look: Json) -> None:
        for clock in clocks:
            look[clock] = (datetime.fromisoformat(look[clock]) + timedelta(hours=hours)).isoformat()

    return change


def of_another_repository(*, named: bool = True) -> Broken:
    """The config means one with the same content; `named`: it names the context too."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        repository, head = operator.repository, operator.repository.head()
        other = repository.clone()
        try:
            repository.replace(repository.url, other)
            if not named:
                repository.edit(
                    "config.yaml", lambda text: text.replace(f"  context: {operator.cluster.context}\n", "")
                )
            yield {}
        finally:
            repository.reset(head)
            shutil.rmtree(other.removeprefix("file://"))

    return broken

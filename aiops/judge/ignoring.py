"""What an Application lacks for Argo CD to leave the replicas of a Deployment alone, as exactly as can be told."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiops.gitops.parsing import Body, items, part, texts
from aiops.judge.scaling import REPLICAS, RESPECT


@dataclass(frozen=True)
class Lack:
    """One of the two halves that is not there, or is misspelt."""

    text: str
    path: tuple[str | int, ...]
    """Where in the Application it is written, or would be."""


def lacks(app: Body, namespace: str, name: str, deployed: Collection[str] = ()) -> tuple[Lack, ...]:
    """Both halves are asked for as by `keeps_replicas`. `deployed`: names of its Deployments, which are no typo."""
    return (*_ignored(app, namespace, name, deployed), *_respected(app))


def is_automated(app: Body) -> bool:
    """Argo CD syncs it by itself."""
    policy = part(app, "spec", "syncPolicy")
    return policy.get("automated") is not None and part(policy, "automated").get("enabled") is not False


def _ignored(app: Body, namespace: str, name: str, deployed: Collection[str]) -> Iterator[Lack]:
    where: tuple[str | int, ...] = ("spec", "ignoreDifferences")
    entries = items(app, *map(str, where))
    wrong = [list(_wrong(entry, namespace, name)) for entry in entries]
    if any(not found for found in wrong):
        return
    for index, (entry, found) in enumerate(zip(entries, wrong, strict=True)):
        if len(found) == 1 and not (found[0] == "name" and entry.get("name") in deployed):
            field = found[0]
            written = ", ".join(texts(entry, field)) if field == "jsonPointers" else entry.get(field)
            text = f"its ignoreDifferences has {f'{field} `{written}`' if written else f'no {field}'}"
            meant = {"group": "apps", "kind": "Deployment", "name": name, "namespace": namespace}.get(field, REPLICAS)
            yield Lack(f"{text}, and {meant} is meant", (*where, index, field))
            return
    yield Lack(f"it has no ignoreDifferences for {REPLICAS} of that Deployment", where)


def _wrong(entry: Body, namespace: str, name: str) -> Iterator[str]:
    """The fields of an entry that keep it from meaning the Deployment's replicas; as `keeps_replicas` matches them."""
    patterns = {"group": "apps", "kind": "Deployment"}
    yield from (field for field, meant in patterns.items() if not fnmatchcase(meant, str(entry.get(field) or "")))
    names = {"name": name, "namespace": namespace}
    yield from (field for field, meant in names.items() if entry.get(field) not in (None, "", meant))
    pointed = any(f"{REPLICAS}/".startswith(f"{each.rstrip('/')}/") for each in texts(entry, "jsonPointers"))
    if not pointed and ".spec.replicas" not in texts(entry, "jqPathExpressions"):
        yield "jsonPointers"


def _respected(app: Body) -> Iterator[Lack]:
    where = ("spec", "syncPolicy", "syncOptions")
    options = texts(app, *where)
    if RESPECT in options:
        return
    near = next((each for each in options if each.lower().startswith("respectignore")), None)
    if near:
        yield Lack(f"its syncOption is `{near}`, and {RESPECT} is meant", (*where, near))
    else:
        yield Lack(f"it has no syncOption {RESPECT}", where)

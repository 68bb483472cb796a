"""ResourceQuotas: what counts, and the refusal of what would be too much.

Left out: scopes, updates, and that a pod has to name the cpu and memory of which there is a quota.
"""

from collections.abc import Iterable

from aiops.lab.api import refusals
from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Attempt, Objects
from aiops.lab.api.quantities import parse, total
from aiops.lab.clock import Clock
from aiops.lab.clock import parse as moment


def used(objects: Objects, namespace: str, names: Iterable[str]) -> dict[str, str]:
    """What a namespace uses of each entry of a quota: its `status.used`."""
    return {
        name: total(_amount(objects.clock, body, name) for body in objects.list(_counted(name), namespace))
        for name in names
    }


def fit(objects: Objects, attempt: Attempt) -> None:
    """Refuses what is too much for one of the quotas of its namespace."""
    if attempt.kind.namespaced:
        for quota in objects.list("resourcequotas", attempt.body["metadata"]["namespace"]):
            _fit(objects, quota, attempt)


def _fit(objects: Objects, quota: Json, attempt: Attempt) -> None:
    meta, hard = attempt.body["metadata"], quota["spec"].get("hard") or {}
    mine = sorted(name for name in hard if _counted(name) == attempt.kind.resource)
    requested = {name: _amount(objects.clock, attempt.body, name) for name in mine}
    there = used(objects, meta["namespace"], (name for name in mine if parse(requested[name])))
    over = [name for name in there if parse(total((there[name], requested[name]))) > parse(hard[name])]
    if over:
        facts = {"requested": requested, "used": there, "limited": hard}
        words = (f"{word}: {','.join(f'{name}={of[name]}' for name in over)}" for word, of in facts.items())
        why = ", ".join((f"exceeded quota: {quota['metadata']['name']}", *words))
        raise refusals.forbidden(attempt.kind, meta["name"], why)


def _counted(name: str) -> str:
    """The resource whose objects an entry counts."""
    if name.startswith("count/"):
        return name.removeprefix("count/")
    if name == "requests.storage":
        return "persistentvolumeclaims"
    return "pods" if name in ("cpu", "memory") or name.startswith(("requests.", "limits.")) else name


def _amount(clock: Clock, body: Json, name: str) -> str:
    if name == "requests.storage":
        return str(body["spec"].get("resources", {}).get("requests", {}).get("storage", "0"))
    if name.startswith("count/") or _counted(name) != "pods":
        return "1"
    if _is_over(clock, body):
        return "0"
    if name == "pods":
        return "1"
    field, _, what = name.rpartition(".") if name in ("cpu", "memory") else name.partition(".")
    return _asked(body["spec"], field or "requests", what)


def _asked(spec: Json, field: str, name: str) -> str:
    """What a pod requests of something, or (`field` is `limits`) may use: its containers together, or one of the init
    containers where that is more. What it may use is what it requests where it says no other."""

    def of(container: Json) -> str:
        resources = container.get("resources") or {}
        limits = resources.get("limits") or {}
        return str((resources.get(field) or {}).get(name, limits.get(name, "0")))

    together = total(map(of, spec["containers"]))
    return max((together, *map(of, spec.get("initContainers") or ())), key=parse)


def _is_over(clock: Clock, pod: Json) -> bool:
    """It has ended, or its time to end is over: it counts no longer (kubernetes: pkg/quota/v1/evaluator/core)."""
    gone = pod["metadata"].get("deletionTimestamp")
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed") or (
        gone is not None and moment(gone) < clock.now()
    )

"""Admission by the API server's own plugins, in its order: a pod or node is completed, and every write is judged.

Left out: priorities, the volume with the ServiceAccount's token, and of a LimitRange all but its `max`.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from aiops.lab.api import refusals
from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Attempt, Objects
from aiops.lab.api.quantities import parse
from aiops.lab.cluster import Cluster
from aiops.lab.world import pod_security, policies, quota
from aiops.lab.world.node_lifecycle import NOT_READY, UNREACHABLE

PATIENT = tuple(
    {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    for key in (NOT_READY, UNREACHABLE)
)
"""What every pod tolerates of its node for five minutes."""


def start(cluster: Cluster) -> None:
    """From now on writes are admitted."""
    cluster.objects.admission.append(partial(admit, cluster.objects))


def admit(objects: Objects, attempt: Attempt) -> Json:
    """What becomes of a write; Refusal where one of the plugins says no."""
    if attempt.operation == "CREATE":
        for complete in COMPLETE.get(attempt.kind.resource, ()):
            attempt = replace(attempt, body=complete(objects, attempt))
        for judge in JUDGE.get(attempt.kind.resource, ()):
            judge(objects, attempt)
    policies.ask_policies(objects, attempt)
    policies.ask_webhooks(objects, attempt)
    if attempt.operation == "CREATE":
        quota.fit(objects, attempt)
    return attempt.body


def taint(objects: Objects, attempt: Attempt) -> Json:
    """TaintNodesByCondition: nothing is placed on a node before somebody has seen that it is ready."""
    spec = attempt.body.get("spec") or {}
    others = [each for each in spec.get("taints") or () if each["key"] != NOT_READY]
    return {**attempt.body, "spec": {**spec, "taints": [*others, {"key": NOT_READY, "effect": "NoSchedule"}]}}


def account(objects: Objects, attempt: Attempt) -> Json:
    """ServiceAccount: a pod has one, and it is there."""
    meta, spec = attempt.body["metadata"], attempt.body["spec"]
    name = spec.get("serviceAccountName") or "default"
    if objects.find("serviceaccounts", name, meta["namespace"]) is None:
        who = f"{meta['namespace']}/{name}"
        why = f'error looking up service account {who}: serviceaccount "{name}" not found'
        # that early a pod has no name of its own yet
        raise refusals.forbidden(attempt.kind, meta.get("generateName") or meta["name"], why)
    return {**attempt.body, "spec": {**spec, "serviceAccountName": name, "serviceAccount": name}}


def tolerate(objects: Objects, attempt: Attempt) -> Json:
    """DefaultTolerationSeconds."""
    spec = attempt.body["spec"]
    own = spec.get("tolerations") or []
    missing = [each for each in PATIENT if not any(_covers(toleration, each["key"]) for toleration in own)]
    return {**attempt.body, "spec": {**spec, "tolerations": [*own, *missing]}}


def _covers(toleration: Json, key: object) -> bool:
    return toleration.get("key", key) == key and toleration.get("effect") in (None, "", "NoExecute")


def limit(objects: Objects, attempt: Attempt) -> None:
    """LimitRanger: no container may use more than the LimitRange allows."""
    meta, spec = attempt.body["metadata"], attempt.body["spec"]
    containers = (*spec["containers"], *(spec.get("initContainers") or ()))
    ranges = objects.list("limitranges", meta["namespace"])
    limits = [each for body in ranges for each in body["spec"]["limits"] if each["type"] == "Container"]
    why = [
        f"maximum {name} usage per Container is {most}, but limit is {asked}"
        for each in limits
        for name, most in sorted((each.get("max") or {}).items())
        for container in containers
        if (asked := _limit_of(container, name)) and parse(asked) > parse(most)
    ]
    if why:
        raise refusals.forbidden(attempt.kind, meta["name"], why[0] if len(why) == 1 else f"[{', '.join(why)}]")


def _limit_of(container: Json, name: str) -> object:
    return ((container.get("resources") or {}).get("limits") or {}).get(name)


COMPLETE: dict[str, tuple[Callable[[Objects, Attempt], Json], ...]] = {"nodes": (taint,), "pods": (account, tolerate)}
JUDGE: dict[str, tuple[Callable[[Objects, Attempt], None], ...]] = {"pods": (limit, pod_security.enforce)}
"""By resource, of what is created."""

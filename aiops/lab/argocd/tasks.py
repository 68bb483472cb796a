"""What a sync has to do, object by object, and in which order (gitops-engine pkg/sync, sync_tasks.go)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from aiops.lab.api.kinds import Json
from aiops.lab.argocd import names
from aiops.lab.argocd.comparison import Comparison, is_hook, key_of
from aiops.lab.argocd.status import images_of, wave_of

Phase = Literal["PreSync", "Sync", "PostSync"]
PHASES: tuple[Phase, ...] = ("PreSync", "Sync", "PostSync")
KINDS = (
    "Namespace NetworkPolicy ResourceQuota LimitRange PodSecurityPolicy PodDisruptionBudget ServiceAccount Secret "
    "SecretList ConfigMap StorageClass PersistentVolume PersistentVolumeClaim CustomResourceDefinition ClusterRole "
    "ClusterRoleList ClusterRoleBinding ClusterRoleBindingList Role RoleList RoleBinding RoleBindingList Service "
    "DaemonSet Pod ReplicationController ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob "
    "IngressClass Ingress APIService"
).split()
"""In this order, and all others after them."""


@dataclass(kw_only=True)
class Task:
    """One object to apply, or to prune where it has no target."""

    phase: Phase
    target: Json | None
    live: Json | None
    result: Json = field(default_factory=dict)
    """Its entry in the operation's result, empty while nothing was done."""
    wave: int = 0

    @property
    def body(self) -> Json:
        """The wanted object, or else the live one."""
        return self.target or self.live or {}

    @property
    def hook(self) -> bool:
        """It is one."""
        return is_hook(self.body)

    @property
    def outcome(self) -> str:
        """Empty, or Running, or how it ended."""
        return str(self.result.get("hookPhase", ""))

    def named(self) -> str:
        """As in `waiting for healthy state of apps/Deployment/web`."""
        group, kind, _, name = key_of(self.body)
        return f"{group}/{kind}/{name}"

    def deleted(self, when: str) -> bool:
        """Whether the hook's delete policy says so; without one it is deleted before it runs again."""
        policies = names.annotation(self.body, names.DELETE_POLICY) or "BeforeHookCreation"
        return self.hook and when in [each.strip() for each in policies.split(",")]

    def settle(self, status: str, outcome: str, message: str) -> None:
        """What happened to it, or how it is."""
        group, kind, namespace, name = key_of(self.body)
        images = list(images_of(self.body))
        first: Json = {
            "group": group, "version": self.body["apiVersion"].rpartition("/")[2], "kind": kind,
            "namespace": namespace, "name": name, "syncPhase": self.phase,
            **({"hookType": self.phase} if self.hook else {}), **({"images": images} if images else {}),
        }  # fmt: skip
        self.result = {**first, **self.result, "status": status, **({"message": message} if message else {})}
        if outcome:
            self.result["hookPhase"] = outcome


def tasks_of(comparison: Comparison, chosen: Iterable[Json], namespace: str) -> list[Task]:
    """In order; `chosen` are the resources of a partial sync, which leaves out hooks."""
    wanted = [(each.get("group", ""), each["kind"], each["name"]) for each in chosen]
    found = [
        Task(phase="Sync", target=_within(pair.target, namespace), live=pair.live)
        for pair in comparison.pairs
        if not is_hook(pair.body) and (not wanted or _short(pair.body) in wanted)
    ]
    for hook in () if wanted else comparison.hooks:
        types = [each.strip() for each in names.annotation(hook, names.HOOK).split(",")]
        live = next((pair.live for pair in comparison.pairs if key_of(pair.body) == key_of(hook)), None)
        found += [Task(phase=phase, target=hook, live=live) for phase in PHASES if phase in types]
    for task in found:
        task.wave = wave_of(task.body)
    _reverse([task for task in found if task.target is None])
    return sorted(found, key=_order)


def _short(body: Json) -> tuple[str, str, str]:
    group, kind, _, name = key_of(body)
    return group, kind, name


def _within(target: Json | None, namespace: str) -> Json | None:
    """Results name the Application's namespace even of what belongs to none."""
    if target is None or "namespace" in target["metadata"]:
        return target
    return {**target, "metadata": {**target["metadata"], "namespace": namespace}}


def _reverse(pruned: list[Task]) -> None:
    """What is pruned goes in the opposite order of its waves."""
    waves = sorted({task.wave for task in pruned})
    other = dict(zip(waves, reversed(waves), strict=True))
    for task in pruned:
        task.wave = other[task.wave]


def _order(task: Task) -> tuple[int, int, int, str]:
    kind = task.body["kind"]
    return PHASES.index(task.phase), task.wave, KINDS.index(kind) if kind in KINDS else len(KINDS), task.body["metadata"]["name"]

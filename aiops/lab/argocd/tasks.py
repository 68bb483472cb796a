"""What a sync has to do, object by object, and in which order (gitops-engine pkg/sync, sync_tasks.go)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aiops.lab.api.kinds import Json
from aiops.lab.argocd import names
from aiops.lab.argocd.comparison import Comparison, Pair, is_hook, key_of
from aiops.lab.argocd.status import images_of, wave_of

Phase = Literal["PreSync", "Sync", "PostSync"]
PHASES: tuple[Phase, ...] = ("PreSync", "Sync", "PostSync")
KINDS = tuple(
    "Namespace NetworkPolicy ResourceQuota LimitRange PodDisruptionBudget ServiceAccount Secret ConfigMap StorageClass "  # noqa: SIM905
    "PersistentVolume PersistentVolumeClaim CustomResourceDefinition ClusterRole ClusterRoleBinding Role RoleBinding "
    "Service DaemonSet Pod ReplicaSet Deployment HorizontalPodAutoscaler StatefulSet Job CronJob IngressClass Ingress "
    "APIService".split()
)
"""In this order, and all others after them."""


@dataclass(kw_only=True)
class Task:
    """One object to apply, or to prune where it has no target."""

    phase: Phase
    target: Json | None
    live: Json | None
    namespace: str
    """Where it goes; of what belongs to none, the Application's."""
    options: frozenset[str]
    """The operation's, and the object's own."""
    differs: bool = True
    wave: int = 0
    result: Json = field(default_factory=dict)
    """Its entry in the operation's result, empty while nothing was done."""

    @property
    def body(self) -> Json:
        """The wanted object, or else the live one."""
        return self.target or self.live or {}

    @property
    def stage(self) -> tuple[Phase, int]:
        """What has the same one is done at the same time."""
        return self.phase, self.wave

    @property
    def key(self) -> tuple[str, ...]:
        """As in its result."""
        group, kind, _, name = key_of(self.body)
        return group, kind, self.namespace, name, self.phase

    @property
    def hook(self) -> bool:
        """It is one."""
        return is_hook(self.body)

    @property
    def outcome(self) -> str:
        """Empty, or Running, or how it ended."""
        return str(self.result.get("hookPhase", ""))

    @property
    def named(self) -> str:
        """As in `waiting for healthy state of apps/Deployment/web`."""
        group, kind, _, name = key_of(self.body)
        return f"{group}/{kind}/{name}"

    def is_deleted(self, when: str) -> bool:
        """Whether the hook's delete policy says so; without one it is deleted before it runs again."""
        policies = names.annotation(self.body, names.DELETE_POLICY) or "BeforeHookCreation"
        return self.hook and when in _split(policies)

    def settle(self, status: str, outcome: str, message: str = "") -> None:
        """What was done to it, and how it is."""
        group, kind, namespace, name, phase = self.key
        images, version = list(images_of(self.body)), self.body["apiVersion"].rpartition("/")[2]
        told = {"hookType": phase if self.hook else "", "images": images, "message": message, "hookPhase": outcome}
        self.result = {
            "group": group, "version": version, "kind": kind, "namespace": namespace, "name": name, "syncPhase": phase,
            **self.result, "status": status, **{key: value for key, value in told.items() if value},
        }  # fmt: skip


def result_key(result: Json) -> tuple[str, ...]:
    """The key of the task that it is about."""
    return result["group"], result["kind"], result.get("namespace", ""), result["name"], result["syncPhase"]


def tasks_of(comparison: Comparison, operation: Json, namespace: str) -> list[Task]:
    """In order; a partial sync has only the resources that it names, and no hooks."""
    chosen = [(each.get("group", ""), each["kind"], each["name"]) for each in operation.get("resources") or ()]
    pairs = [pair for pair in comparison.pairs if not is_hook(pair.body)]
    if chosen:
        pairs = [pair for pair in pairs if (key := key_of(pair.body)) and (key[0], key[1], key[3]) in chosen]
    found = [_task("Sync", pair, operation, namespace) for pair in pairs]
    found += [] if chosen else list(_hooks(comparison, operation, namespace))
    pruned = [task for task in found if task.target is None]
    waves = sorted({task.wave for task in pruned})
    for task in pruned:  # in the opposite order
        task.wave = waves[-1 - waves.index(task.wave)]
    return sorted(found, key=_order)


def _hooks(comparison: Comparison, operation: Json, namespace: str) -> Iterator[Task]:
    live = {key_of(pair.live): pair.live for pair in comparison.pairs if pair.live is not None}
    for hook in comparison.hooks:
        types = _split(names.annotation(hook, names.HOOK))
        pair = Pair(target=hook, live=live.get(key_of(hook)), differs=True)
        yield from (_task(phase, pair, operation, namespace) for phase in PHASES if phase in types)


def _task(phase: Phase, pair: Pair, operation: Json, namespace: str) -> Task:
    own = _split(names.annotation(pair.target or pair.body, names.SYNC_OPTIONS))
    return Task(
        phase=phase, target=pair.target, live=pair.live, differs=pair.differs, wave=wave_of(pair.target or pair.body),
        namespace=pair.body["metadata"].get("namespace") or namespace,
        options=frozenset((*(operation.get("syncOptions") or ()), *own)),
    )  # fmt: skip


def _split(text: str) -> Sequence[str]:
    return [each.strip() for each in text.split(",")]


def _order(task: Task) -> tuple[int, int, int, str]:
    kind = task.body["kind"]
    place = KINDS.index(kind) if kind in KINDS else len(KINDS)
    return PHASES.index(task.phase), task.wave, place, task.body["metadata"]["name"]

"""One step of a sync: what is due is applied or pruned, then it waits (gitops-engine pkg/sync, sync_context.go)."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.argocd import names
from aiops.lab.argocd.comparison import Comparison, key_of
from aiops.lab.argocd.execution import Executor
from aiops.lab.argocd.health import Unjudged, health_of
from aiops.lab.argocd.projects import permits_kind, permits_namespace
from aiops.lab.argocd.tasks import Task, result_key, tasks_of
from aiops.lab.argocd.tracking import DEFINITION
from aiops.lab.cluster import Cluster

WAVE_DELAY_S = 2.0
"""Between two waves, so that controllers see what was applied (controller/sync.go)."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """How the operation stands after it."""

    phase: str
    message: str
    results: tuple[Json, ...] = ()
    delay_s: float = 0.0
    """Before which there is no next one."""


class Sync:
    """A sync on its way: the next step is worked out from what is live and from the results so far."""

    def __init__(self, cluster: Cluster, app: Json, project: Json, comparison: Comparison, state: Json) -> None:
        self._objects, self._project = cluster.objects, project
        self._operation = state["operation"]["sync"]
        self._namespace = app["spec"]["destination"].get("namespace", "")
        self._executor = Executor(cluster, prune=bool(self._operation.get("prune")))
        self._results = {result_key(each): each for each in (state.get("syncResult") or {}).get("resources") or ()}
        self._tasks = self._all(comparison)
        self._delay_s = 0.0

    async def step(self) -> Step:
        """Do what is due."""
        phase, message = await self._advance()
        return self._ended(phase, message)

    def terminate(self) -> Step:
        """End it; hooks that run are deleted."""
        for task in self._tasks:
            if task.hook and task.outcome == "Running":
                self._executor.delete(task)
                task.settle(task.result["status"], "Failed", "Terminated")
        return self._ended("Failed", "Operation terminated")

    def _ended(self, phase: str, message: str) -> Step:
        self._results |= {task.key: task.result for task in self._tasks if task.result}
        return Step(phase=phase, message=message, results=tuple(self._results.values()), delay_s=self._delay_s)

    def _all(self, comparison: Comparison) -> list[Task]:
        tasks = tasks_of(comparison, self._operation, self._namespace)
        options = frozenset(self._operation.get("syncOptions") or ())
        lacks = self._namespace and self._objects.find("namespaces", self._namespace) is None
        if lacks and "CreateNamespace=true" in options and not any(map(self._is_namespace, tasks)):
            target = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self._namespace}}
            tasks.insert(0, Task(phase="PreSync", target=target, live=None, namespace="", options=options))
        for task in tasks:
            task.result = self._results.get(task.key, {})
        return tasks

    def _is_namespace(self, task: Task) -> bool:
        return key_of(task.body)[1::2] == ("Namespace", self._namespace)

    async def _advance(self) -> tuple[str, str]:
        tasks, reasons = self._tasks, invalid(self._tasks, self._project, self._objects.kinds)
        if reasons:
            return "Failed", f"one or more synchronization tasks are not valid: {'; '.join(sorted(set(reasons)))}"
        for task in tasks:
            self._look(task)
        for task in tasks if not self._results else ():
            if self._is_namespace(task) and task.live is None:  # before all else, even where its wave is a later one
                await self._executor.run(task)
        multi = bool(tasks) and tasks[0].stage != tasks[-1].stage
        if running := [task for task in tasks if task.outcome == "Running" and (multi or task.hook)]:
            return "Running", _waiting(running)
        if ending := [task for task in tasks if task.result.get("status") == "Pruned" and task.live is not None]:
            return "Running", _waiting(ending, "deletion of")
        if failed := [task for task in tasks if task.outcome in ("Failed", "Error")]:
            self._clean("HookFailed")
            return "Failed", _failed("one or more synchronization tasks completed unsuccessfully", failed)
        pending = [task for task in tasks if not task.outcome]
        if "ApplyOutOfSyncOnly=true" in (self._operation.get("syncOptions") or ()):
            pending = [task for task in pending if task.hook or task.differs]
        if not pending:
            self._clean("HookSucceeded")
            return "Succeeded", "successfully synced (no more tasks)"
        return await self._wave(pending)

    async def _wave(self, pending: Sequence[Task]) -> tuple[str, str]:
        """Run what is first among the pending."""
        first, last = pending[0], pending[-1]
        wave = [task for task in pending if task.stage == first.stage]
        if stale := [task for task in wave if task.live is not None and task.is_deleted("BeforeHookCreation")]:
            for task in stale:
                self._executor.delete(task)
            return "Running", _waiting(stale, "deletion of hook")
        for task in sorted(wave, key=lambda each: each.target is not None):  # what is pruned goes first
            await self._executor.run(task)
        if any(task.outcome == "Failed" for task in wave):
            self._clean("HookFailed")
            return "Failed", _failed("one or more objects failed to apply", wave)
        if first.stage != last.stage:
            self._delay_s = WAVE_DELAY_S
        elif not any(task.hook for task in wave):
            self._clean("HookSucceeded")
            return "Succeeded", "successfully synced (all tasks run)"
        return "Running", _waiting(wave)

    def _look(self, task: Task) -> None:
        """How is what was applied? What is not there any more can never become healthy."""
        if task.outcome != "Running":
            return
        live = task.live or self._executor.live(task)
        if live is None:
            task.settle("SyncFailed", "Error", f"Resource {task.named} is missing, it might have been deleted")
            return
        try:
            health = health_of(live) or "Healthy"
        except Unjudged:
            return
        said = _said(live) if task.hook else ""
        if health in ("Healthy", "Degraded"):
            task.settle(task.result["status"], "Succeeded" if health == "Healthy" else "Failed", said)

    def _clean(self, when: str) -> None:
        """Delete the hooks of which the policy says so."""
        for task in self._tasks:
            if task.live is not None and task.outcome in ("Succeeded", "Failed", "Error") and task.is_deleted(when):
                self._executor.delete(task)


def invalid(tasks: Sequence[Task], project: Json, kinds: Kinds) -> list[str]:
    """Why some tasks cannot be carried out at all; their results say it too."""
    definitions = [task.target["spec"] for task in tasks if task.target and task.target["kind"] == DEFINITION]
    brought = {(spec["group"], spec["names"]["kind"]) for spec in definitions}
    found = []
    for task in tasks:
        group, kind_name, _, _ = key_of(task.body)
        kind = kinds.of(task.body["apiVersion"], kind_name)
        if kind is not None:
            why = said = _forbidden(task, project, namespaced=kind.namespaced)
        elif (group, kind_name) in brought or "SkipDryRunOnMissingResource=true" in task.options:
            continue
        else:
            why, said = _unknown(task, kinds)
        if why:
            task.settle("SyncFailed", "", said)
            found.append(why)
    return found


def _forbidden(task: Task, project: Json, *, namespaced: bool) -> str:
    (group, kind, _, _), name = key_of(task.body), project["metadata"]["name"]
    if not permits_kind(project, group, kind, namespaced=namespaced):
        return f"resource {group}:{kind} is not permitted in project {name}"
    if namespaced and not permits_namespace(project, task.namespace):
        return f"namespace {task.namespace} is not permitted in project '{name}'"
    return ""


def _unknown(task: Task, kinds: Kinds) -> tuple[str, str]:
    """Of a kind that is not served: what the operation says, and what the task's result says."""
    group, kind, _, name = key_of(task.body)
    version = task.body["apiVersion"]
    if any(version in (f"{known.group}/{each}" for each in known.served) for known in kinds):
        return (why := f'{kind}.{group} "" not found'), why
    lacks = "the server could not find the requested resource"
    why = f"could not find {group}/{kind} for requested resource {task.namespace}/{name}"
    hint = f'Make sure the "{kind}" CRD is installed on the destination cluster.'
    discovering = f"failed to discover server resources for group version {version}"
    return f"{discovering}: {lacks}", f"The Kubernetes API {why}. {hint}"


def _waiting(tasks: Sequence[Task], why: str = "") -> str:
    """For whom it waits."""
    hooks = [task for task in tasks if task.hook]
    why = why or ("completion of hook" if hooks else "healthy state of")
    more = f" and {len(tasks) - 1} more {'hooks' if len(hooks) == len(tasks) else 'resources'}"
    return f"waiting for {why} {(hooks or list(tasks))[0].named}{more if len(tasks) > 1 else ''}"


def _failed(what: str, tasks: Sequence[Task]) -> str:
    reasons = [task.result["message"] for task in tasks if task.result["status"] == "SyncFailed"]
    return f"{what}, reason: {','.join(reasons)}" if reasons else what


def _said(live: Json) -> str:
    """What a hook says of its end."""
    conditions = names.status_of(live).get("conditions") or ()
    return next((each["message"] for each in conditions if each.get("message")), "")

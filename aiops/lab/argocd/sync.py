"""One step of a sync: what is due is applied or pruned, then it waits (gitops-engine pkg/sync, sync_context.go)."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiops.lab.api.kinds import Json
from aiops.lab.api.refusals import Refusal
from aiops.lab.argocd import names
from aiops.lab.argocd.applying import BY, put
from aiops.lab.argocd.comparison import Comparison, is_hook, key_of
from aiops.lab.argocd.health import Unjudged, health_of
from aiops.lab.argocd.projects import permits_kind, permits_namespace
from aiops.lab.argocd.tasks import Task, tasks_of
from aiops.lab.argocd.tracking import DEFINITION
from aiops.lab.cluster import Cluster

WAVE_DELAY_S = 2.0
"""Between two waves, so that controllers see what was applied (controller/sync.go)."""
READY_S = 3.0
"""How long a CustomResourceDefinition is waited for."""
HOOK_FINALIZER = "argocd.argoproj.io/hook-finalizer"


@dataclass(frozen=True, kw_only=True)
class Step:
    """How the operation stands after it."""

    phase: str
    message: str
    results: tuple[Json, ...]
    delay_s: float | None = None
    """Before which there is no next one."""


class Sync:
    """A sync on its way: its next step is worked out from what is live and from the results so far."""

    def __init__(self, cluster: Cluster, app: Json, project: Json, comparison: Comparison, state: Json) -> None:
        self._cluster, self._objects, self._kinds = cluster, cluster.objects, cluster.kinds
        self._app, self._project, self._comparison = app, project, comparison
        self._operation = state["operation"]["sync"]
        self._options = tuple(self._operation.get("syncOptions") or ())
        results = (state.get("syncResult") or {}).get("resources") or ()
        self._results = {_result_key(each): dict(each) for each in results}
        self._namespace = app["spec"]["destination"].get("namespace", "")
        self._delay_s: float | None = None

    async def step(self) -> Step:
        """Do what is due."""
        phase, message = await self._step()
        return Step(phase=phase, message=message, results=tuple(self._results.values()), delay_s=self._delay_s)

    def terminate(self) -> Step:
        """End it; a hook that runs is deleted."""
        for task in self._tasks():
            if task.hook and task.outcome == "Running":
                self._unhook(task)
                self._delete(task)
                self._settle(task, task.result["status"], "Failed", "Terminated")
        return Step(phase="Failed", message="Operation terminated", results=tuple(self._results.values()))

    async def _step(self) -> tuple[str, str]:
        tasks = self._tasks()
        if invalid := self._invalid(tasks):
            said = "; ".join(sorted(set(invalid)))
            return "Failed", f"one or more synchronization tasks are not valid: {said}"
        await self._make_namespace(tasks)
        for task in tasks:
            if task.outcome == "Running" and task.live is not None:
                self._look(task)
        multi = (tasks[0].phase, tasks[0].wave) != (tasks[-1].phase, tasks[-1].wave) if tasks else False
        if running := [task for task in tasks if task.outcome == "Running" and (multi or task.hook)]:
            self._missing(running)
            return "Running", _waiting(running)
        if ending := [task for task in tasks if task.result.get("status") == "Pruned" and _is_ending(task.live)]:
            return "Running", _waiting(ending, "deletion of")
        for task in tasks:
            if task.hook and task.outcome in ("Succeeded", "Failed", "Error"):
                self._unhook(task)
        if failed := [task for task in tasks if task.outcome in ("Failed", "Error")]:
            self._clean(tasks, "HookFailed")
            messages = [task.result.get("message", "") for task in failed if task.result["status"] == "SyncFailed"]
            reason = f", reason: {','.join(messages)}" if messages else ""
            return "Failed", f"one or more synchronization tasks completed unsuccessfully{reason}"
        pending = [task for task in tasks if not task.outcome]
        if "ApplyOutOfSyncOnly=true" in self._options:
            pending = [task for task in pending if task.hook or self._differs(task)]
        if not pending:
            self._clean(tasks, "HookSucceeded")
            return "Succeeded", "successfully synced (no more tasks)"
        return await self._wave(tasks, pending)

    async def _wave(self, tasks: Sequence[Task], pending: Sequence[Task]) -> tuple[str, str]:
        """Run what is first among the pending."""
        first, last = pending[0], pending[-1]
        wave = [task for task in pending if (task.phase, task.wave) == (first.phase, first.wave)]
        if stale := [task for task in wave if task.live is not None and task.deleted("BeforeHookCreation")]:
            for task in stale:
                self._unhook(task)
                self._delete(task)
            return "Running", _waiting(stale, "deletion of hook")
        for task in [*(each for each in wave if each.target is None), *(each for each in wave if each.target is not None)]:
            await self._run(task)
        if failed := [task for task in wave if task.result["status"] == "SyncFailed"]:
            self._clean(tasks, "HookFailed")
            return "Failed", f"one or more objects failed to apply, reason: {','.join(task.result['message'] for task in failed)}"
        if (first.phase, first.wave) != (last.phase, last.wave):
            self._delay_s = WAVE_DELAY_S
        elif not any(task.hook for task in wave):
            self._clean(tasks, "HookSucceeded")
            return "Succeeded", "successfully synced (all tasks run)"
        return "Running", _waiting(wave)

    def _tasks(self) -> list[Task]:
        found = tasks_of(self._comparison, self._operation.get("resources") or (), self._namespace)
        if "CreateNamespace=true" in self._options and self._namespace and not self._has_namespace(found):
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self._namespace}}
            found.insert(0, Task(phase="PreSync", target=body, live=None))
        for task in found:
            task.result = self._results.get(_key(task), {})
        return found

    def _has_namespace(self, tasks: Sequence[Task]) -> bool:
        own = any(task.body["kind"] == "Namespace" and task.body["metadata"]["name"] == self._namespace for task in tasks)
        return own or self._objects.find("namespaces", self._namespace) is not None

    def _invalid(self, tasks: Sequence[Task]) -> list[str]:
        """Why some cannot be applied at all; their results say it."""
        brought = {
            (body["spec"]["group"], body["spec"]["names"]["kind"])
            for body in (task.target for task in tasks)
            if body is not None and body["kind"] == DEFINITION
        }
        found = []
        for task in tasks:
            group, name, _, _ = key_of(task.body)
            kind = self._kinds.of(task.body["apiVersion"], name)
            if kind is None and (group, name) not in brought and not self._has_option(task, "SkipDryRunOnMissingResource=true"):
                found.append(self._unknown(task))
            elif kind is not None and (why := self._forbidden(task, kind.namespaced)):
                self._settle(task, "SyncFailed", "", why)
                found.append(why)
        return found

    def _unknown(self, task: Task) -> str:
        group, kind, namespace, name = key_of(task.body)
        version = task.body["apiVersion"]
        if any(version in (known.api_version, *(f"{known.group}/{each}" for each in known.served)) for known in self._kinds):
            self._settle(task, "SyncFailed", "", said := f'{kind}.{group} "" not found')
            return said
        why = f"could not find {group}/{kind} for requested resource {namespace}/{name}"
        hint = f'Make sure the "{kind}" CRD is installed on the destination cluster.'
        self._settle(task, "SyncFailed", "", f"The Kubernetes API {why}. {hint}")
        lacks = "the server could not find the requested resource"
        return f"failed to discover server resources for group version {version}: {lacks}"

    def _forbidden(self, task: Task, namespaced: bool) -> str:
        group, kind, namespace, _ = key_of(task.body)
        name = self._project["metadata"]["name"]
        if not permits_kind(self._project, group, kind, namespaced=namespaced):
            return f"resource {group}:{kind} is not permitted in project {name}"
        if namespaced and not permits_namespace(self._project, namespace):
            return f"namespace {namespace} is not permitted in project '{name}'"
        return ""

    async def _make_namespace(self, tasks: Sequence[Task]) -> None:
        """Before all else, on the first step."""
        for task in tasks:
            is_it = task.body["kind"] == "Namespace" and task.body["metadata"]["name"] == self._namespace
            if not self._results and task.live is None and is_it:
                await self._run(task)

    def _look(self, task: Task) -> None:
        """How is what was applied?"""
        try:
            health = health_of(task.live or {})
        except Unjudged:
            return
        status, (word, message) = task.result["status"], health or ("Healthy", "")
        if word == "Healthy":
            self._settle(task, status, "Succeeded", message)
        elif word == "Degraded" or (task.hook and word == "Unknown"):
            self._settle(task, status, "Failed", message)
        elif task.hook:
            self._settle(task, status, "Running", message)

    def _missing(self, running: Sequence[Task]) -> None:
        """What was applied and is not there can never become healthy."""
        for task in running:
            kind = self._kinds.of(task.body["apiVersion"], task.body["kind"])
            meta = task.body["metadata"]
            namespace = meta.get("namespace", "") if kind and kind.namespaced else ""
            if task.live is None and (kind is None or not self._objects.find(kind.resource, meta["name"], namespace)):
                said = f"Resource {task.named()} is missing, it might have been deleted"
                self._settle(task, "SyncFailed", "Error", said)

    async def _run(self, task: Task) -> None:
        try:
            if task.target is None:
                self._prune(task)
            else:
                message = await self._apply(task, task.target)
                self._settle(task, "Synced", "Running", message)
        except Refusal as refusal:
            self._settle(task, "SyncFailed", "Failed", refusal.message)

    async def _apply(self, task: Task, target: Json) -> str:
        kind = self._kinds.of(target["apiVersion"], target["kind"])
        if kind is None:
            name, version = target["metadata"]["name"], target["apiVersion"]
            why = f'no matches for kind "{target["kind"]}" in version "{version}"'
            raise Refusal(404, "NotFound", f'resource mapping not found for name: "{name}": {why}')
        if not kind.namespaced:
            target = {**target, "metadata": {key: value for key, value in target["metadata"].items() if key != "namespace"}}
        if task.hook:
            marks = [*(target["metadata"].get("finalizers") or ()), HOOK_FINALIZER]
            target = {**target, "metadata": {**target["metadata"], "finalizers": marks}}
        message = put(
            self._objects, kind, target,
            server_side=self._has_option(task, "ServerSideApply=true"), replacing=self._has_option(task, "Replace=true"),
        )  # fmt: skip
        if kind.kind == DEFINITION:
            await self._served(target)
        return message

    async def _served(self, definition: Json) -> None:
        """Wait a moment until a CustomResourceDefinition's kind is served."""
        spec, waited = definition["spec"], 0.0
        while waited < READY_S and not self._kinds.find(f"{spec['names']['plural']}.{spec['group']}"):
            await self._cluster.clock.sleep(0.1)
            waited += 0.1

    def _prune(self, task: Task) -> None:
        if not self._operation.get("prune"):
            return self._settle(task, "PruneSkipped", "Succeeded", "ignored (requires pruning)")
        if self._has_option(task, "Prune=false"):
            return self._settle(task, "PruneSkipped", "Succeeded", "ignored (no prune)")
        self._delete(task)
        return self._settle(task, "Pruned", "Succeeded", "pruned")

    def _delete(self, task: Task) -> None:
        group, kind_name, namespace, name = key_of(task.body)
        kind = self._kinds.of(task.body["apiVersion"], kind_name)
        policy = next((each.partition("=")[2] for each in self._options if each.startswith("PrunePropagationPolicy=")), "")
        if kind and (live := self._objects.find(kind.resource, name, namespace)) and not _is_ending(live):
            self._objects.delete(kind.resource, name, namespace, BY, propagation=policy.capitalize() or "Foreground")

    def _unhook(self, task: Task) -> None:
        """Without the mark that keeps a hook from going before its sync has seen how it ended."""
        _, kind_name, namespace, name = key_of(task.body)
        kind = self._kinds.of(task.body["apiVersion"], kind_name)
        if kind is None or self._objects.find(kind.resource, name, namespace) is None:
            return

        def change(was: Json) -> Json:
            was["metadata"]["finalizers"] = [
                mark for mark in was["metadata"].get("finalizers") or () if mark != HOOK_FINALIZER
            ]
            return was

        self._objects.edit(kind.resource, name, namespace, change, BY)

    def _clean(self, tasks: Sequence[Task], when: str) -> None:
        """Delete hooks that ended so."""
        for task in tasks:
            if task.live is not None and task.outcome and task.outcome != "Running" and task.deleted(when):
                self._delete(task)

    def _has_option(self, task: Task, option: str) -> bool:
        own = names.annotation(task.body, names.SYNC_OPTIONS).split(",")
        return option in self._options or option in [each.strip() for each in own]

    def _differs(self, task: Task) -> bool:
        pairs = self._comparison.pairs
        return next((pair.differs for pair in pairs if key_of(pair.body)[1::2] == key_of(task.body)[1::2]), True)

    def _settle(self, task: Task, status: str, outcome: str, message: str) -> None:
        task.settle(status, outcome, message)
        self._results[_key(task)] = task.result


def _key(task: Task) -> tuple[str, ...]:
    return (*key_of(task.body), task.phase)


def _result_key(result: Json) -> tuple[str, ...]:
    return result["group"], result["kind"], result.get("namespace", ""), result["name"], result["syncPhase"]


def _is_ending(live: Json | None) -> bool:
    return live is not None and "deletionTimestamp" in live["metadata"]


def _waiting(tasks: Sequence[Task], why: str = "") -> str:
    """For whom it waits."""
    hooks = [task for task in tasks if task.hook]
    why = why or ("completion of hook" if hooks else "healthy state of")
    more = len(tasks) - 1
    sort = "hooks" if len(hooks) == len(tasks) else "resources"
    text = f"waiting for {why} {(hooks or list(tasks))[0].named()}"
    return f"{text} and {more} more {sort}" if more else text


__all__ = ["Step", "Sync", "is_hook"]

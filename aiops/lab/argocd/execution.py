"""What a sync does to one object."""

from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.refusals import Refusal
from aiops.lab.argocd.applying import BY, put
from aiops.lab.argocd.tasks import Task
from aiops.lab.argocd.tracking import DEFINITION
from aiops.lab.cluster import Cluster

SERVED_S = 3.0
"""How long it waits for the kind of a CustomResourceDefinition to be served (sync_context.go, ensureCRDReady)."""
POLICY = "PrunePropagationPolicy="


class Executor:
    """Applies, prunes and deletes; the task's result tells how it went."""

    def __init__(self, cluster: Cluster, *, prune: bool) -> None:
        self._cluster, self._objects, self._prune = cluster, cluster.objects, prune

    def kind(self, task: Task) -> Kind | None:
        """Of its object, where that is served now."""
        return self._objects.kinds.of(task.body["apiVersion"], task.body["kind"])

    def live(self, task: Task) -> Json | None:
        """Its object as it is now."""
        kind = self.kind(task)
        return self._objects.find(kind.resource, *self._place(kind, task)) if kind else None

    async def run(self, task: Task) -> None:
        """Apply it, or prune it."""
        try:
            if task.target is not None:
                task.settle("Synced", "Running", await self._apply(task, task.target))
            elif not self._prune or "Prune=false" in task.options:
                why = "no prune" if self._prune else "requires pruning"
                task.settle("PruneSkipped", "Succeeded", f"ignored ({why})")
            else:
                self.delete(task)
                task.settle("Pruned", "Succeeded", "pruned")
        except Refusal as refusal:
            task.settle("SyncFailed", "Failed", refusal.message)

    def delete(self, task: Task) -> None:
        """Delete its object, where it is there."""
        kind, live = self.kind(task), self.live(task)
        policies = [each.removeprefix(POLICY) for each in task.options if each.startswith(POLICY)]
        if kind is not None and live is not None and "deletionTimestamp" not in live["metadata"]:
            propagation = policies[0].capitalize() if policies else "Foreground"
            self._objects.delete(kind.resource, *self._place(kind, task), BY, propagation=propagation)

    def _place(self, kind: Kind, task: Task) -> tuple[str, str]:
        return task.body["metadata"]["name"], task.namespace if kind.namespaced else ""

    async def _apply(self, task: Task, target: Json) -> str:
        if (kind := self.kind(task)) is None:
            name = target["metadata"]["name"]
            why = f'no matches for kind "{target["kind"]}" in version "{target["apiVersion"]}"'
            raise Refusal(404, "NotFound", f'resource mapping not found for name: "{name}": {why}')
        server_side, replacing = "ServerSideApply=true" in task.options, "Replace=true" in task.options
        word = put(self._objects, kind, target, server_side=server_side, replacing=replacing)
        if kind.kind == DEFINITION:
            await self._served(target["spec"])
        return word

    async def _served(self, spec: Json) -> None:
        clock, resource = self._cluster.clock, f"{spec['names']['plural']}.{spec['group']}"
        end = clock.elapsed() + SERVED_S
        while clock.elapsed() < end and not self._objects.kinds.find(resource):
            await clock.sleep(0.02)

"""Carries out the operations of Applications, step by step (controller/appcontroller.go)."""

from dataclasses import replace

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Name
from aiops.lab.argocd import names, operations
from aiops.lab.argocd.comparison import Comparer, Comparison
from aiops.lab.argocd.differences import ignored, respecting
from aiops.lab.argocd.sync import Step, Sync
from aiops.lab.cluster import Cluster


class Operator:
    """Those that were asked for in `operation`."""

    def __init__(self, cluster: Cluster, comparer: Comparer, by: Writer) -> None:
        self._cluster, self._objects, self._clock = cluster, cluster.objects, cluster.clock
        self._comparer, self._by = comparer, by
        self._not_before: dict[Name, float] = {}

    async def carry_on(self, key: Name, app: Json) -> tuple[float | None, bool]:
        """Do what is next; after how long to do so again whatever happens, and whether the operation is over."""
        before = state = operations.state_of(app)
        if not operations.is_running(state):
            state = operations.begun(app["operation"], self._clock)
            self._write(app, state)
        elif operations.pauses(state):
            if (left_s := operations.until_retry_s(state, self._clock)) > 0:
                return left_s, False
            state = operations.retried(state)
            self._write(app, state)
        left_s = self._not_before.get(key, 0.0) - self._clock.elapsed()
        if left_s > 0 and state["phase"] == "Running":
            return left_s, False
        step, state = await self._step(app, state)
        state = operations.after(state, step, self._clock)
        self._write(app, state)
        self._not_before[key] = self._clock.elapsed() + step.delay_s
        return (None if state == before else step.delay_s), state["phase"] in operations.ENDED

    async def _step(self, app: Json, state: Json) -> tuple[Step, Json]:
        """What was done, and the state with what was found out."""
        sync, name = state["operation"].get("sync"), names.project_of(app)
        project = self._objects.find(names.APPPROJECTS, name, app["metadata"]["namespace"])
        if sync is None:
            return Step(phase="Error", message="Invalid operation request: no operation specified"), state
        if project is None:
            lost = f'Failed to load application project: appproject.argoproj.io "{name}" not found'
            return Step(phase="Error", message=lost), state
        result = state.get("syncResult") or operations.result_of(app, sync)
        comparison = await self._comparer.compare(app, *operations.wanted(result), fresh=True)
        result = operations.resolved(result, comparison)
        if error := _errors(app, comparison):
            return Step(phase="Error", message=error), {**state, "syncResult": result}
        if "RespectIgnoreDifferences=true" in (sync.get("syncOptions") or ()):
            comparison = _respecting(app, comparison)
        course = Sync(self._cluster, app, project, comparison, state)
        step = course.terminate() if state["phase"] == "Terminating" else await course.step()
        done = {"resources": list(step.results)} if step.results else {}
        return step, {**state, "syncResult": {**result, **done}}

    def _write(self, app: Json, state: Json) -> None:
        """The state, and at the end what follows of it; that somebody wants it to end meanwhile is not lost."""

        def change(was: Json) -> Json:
            now, status = state, was.setdefault("status", names.empty_status())
            if state["phase"] == "Running" and operations.state_of(was).get("phase") == "Terminating":
                now = {**state, "phase": "Terminating", "message": "operation is terminating"}
            status["operationState"] = now
            if now["phase"] in operations.ENDED:
                was.pop("operation", None)
            if now["phase"] == "Succeeded" and not now["operation"]["sync"].get("resources"):
                status["history"] = operations.remembered(status.get("history") or [], now, self._clock)
            return was

        meta = app["metadata"]
        self._objects.edit(names.APPLICATIONS, meta["name"], meta["namespace"], change, self._by)


def _errors(app: Json, comparison: Comparison) -> str:
    conditions = names.status_of(app).get("conditions") or ()
    found = [f"InvalidSpecError: {each['message']}" for each in conditions if each["type"] == "InvalidSpecError"]
    return ";".join([*found, *([f"ComparisonError: {comparison.error}"] if comparison.error else ())])


def _respecting(app: Json, comparison: Comparison) -> Comparison:
    pairs = [
        replace(pair, target=respecting(pair.target, pair.live, ignored(app, pair.target)))
        if pair.target is not None and pair.live is not None
        else pair
        for pair in comparison.pairs
    ]
    return replace(comparison, pairs=tuple(pairs))

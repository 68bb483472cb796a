"""Carries out the operations of Applications."""

from dataclasses import replace

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Name
from aiops.lab.argocd import names, operations
from aiops.lab.argocd.comparison import Comparer, Comparison
from aiops.lab.argocd.differences import ignored, respecting
from aiops.lab.argocd.sync import Step, Sync
from aiops.lab.cluster import Cluster

HISTORY = 10
"""How many deployments are remembered."""


class Operator:
    """Those that were asked for in `operation`, step by step."""

    def __init__(self, cluster: Cluster, comparer: Comparer, by: Writer) -> None:
        self._cluster, self._objects, self._clock = cluster, cluster.objects, cluster.clock
        self._comparer, self._by = comparer, by
        self._not_before: dict[Name, float] = {}

    def is_due_again(self, app: Json) -> bool:
        """Its operation failed, and the pause before the next try is over."""
        state = _state(app)
        pauses = bool(app.get("operation")) and operations.is_running(state) and "finishedAt" in state
        return pauses and operations.until_retry_s(state, self._clock) <= 0

    async def carry_on(self, key: Name, app: Json) -> tuple[float | None, bool]:
        """Do what is next; after how long to do so again whatever happens, and whether the operation ended."""
        before = state = _state(app)
        if not operations.is_running(state):
            state = operations.begun(app["operation"], self._clock)
            self._write(app, state)
        elif "finishedAt" in state and state["phase"] == "Running":
            if (left_s := operations.until_retry_s(state, self._clock)) > 0:
                return left_s, False
            state = operations.retried(state)
            self._write(app, state)
        if state["phase"] == "Running" and (left_s := self._not_before.get(key, 0.0) - self._clock.elapsed()) > 0:
            return left_s, False
        state, delay_s = await self._step(app, state)
        self._write(app, state)
        ended = state["phase"] in operations.ENDED
        if delay_s is not None:
            self._not_before[key] = self._clock.elapsed() + delay_s
        if ended or state != before:
            return delay_s or 0.0, ended
        return None, False

    async def _step(self, app: Json, state: Json) -> tuple[Json, float | None]:
        """Its state after the next step, and the pause before the one after that."""
        sync, name = state["operation"].get("sync"), app["spec"].get("project") or "default"
        project = self._objects.find(names.APPPROJECTS, name, app["metadata"]["namespace"])
        if sync is None:
            return self._after(state, "Error", "Invalid operation request: no operation specified"), None
        if project is None:
            lost = f'Failed to load application project: appproject.argoproj.io "{name}" not found'
            return self._after(state, "Error", lost), None
        result = state.get("syncResult") or operations.result_of(app, sync)
        comparison = await self._comparer.compare(app, *operations.wanted(result), fresh=True)
        state = {**state, "syncResult": operations.resolved(result, comparison)}
        if error := _errors(app, comparison):
            return self._after(state, "Error", error), None
        if "RespectIgnoreDifferences=true" in (sync.get("syncOptions") or ()):
            comparison = _respecting(app, comparison)
        course = Sync(self._cluster, app, project, comparison, state)
        step = course.terminate() if state["phase"] == "Terminating" else await course.step()
        state["syncResult"] |= {"resources": list(step.results)} if step.results else {}
        return operations.after(state, step, self._clock), step.delay_s

    def _after(self, state: Json, phase: str, message: str) -> Json:
        return operations.after(state, Step(phase=phase, message=message, results=()), self._clock)

    def _write(self, app: Json, state: Json) -> None:
        """The state, and what follows of it: at the end the operation goes, and what was deployed is remembered."""

        def change(was: Json) -> Json:
            now = state
            status = was.setdefault("status", names.empty_status())
            if state["phase"] == "Running" and (status.get("operationState") or {}).get("phase") == "Terminating":
                now = {**state, "phase": "Terminating", "message": "operation is terminating"}
            status["operationState"] = now
            if now["phase"] in operations.ENDED:
                was.pop("operation", None)
            if now["phase"] == "Succeeded" and not now["operation"]["sync"].get("resources"):
                status["history"] = self._history(status.get("history") or [], now)
            return was

        meta = app["metadata"]
        self._objects.edit(names.APPLICATIONS, meta["name"], meta["namespace"], change, self._by)

    def _history(self, before: list[Json], state: Json) -> list[Json]:
        result = state["syncResult"]
        entry = {
            "id": before[-1]["id"] + 1 if before else 0,
            "deployStartedAt": state["startedAt"], "deployedAt": self._clock.stamp(),
            "initiatedBy": state["operation"].get("initiatedBy") or {},
            **{key: result[key] for key in ("source", "sources", "revision", "revisions") if result.get(key)},
        }  # fmt: skip
        return [*before, entry][-HISTORY:]


def _state(app: Json) -> Json:
    return dict((app.get("status") or {}).get("operationState") or {})


def _errors(app: Json, comparison: Comparison) -> str:
    found = [("ComparisonError", comparison.error)] if comparison.error else []
    conditions = (app.get("status") or {}).get("conditions") or ()
    found += [(each["type"], each["message"]) for each in conditions if each["type"] == "InvalidSpecError"]
    return ";".join(f"{kind}: {message}" for kind, message in found)


def _respecting(app: Json, comparison: Comparison) -> Comparison:
    pairs = [
        replace(pair, target=respecting(pair.target, pair.live, ignored(app, pair.target)))
        if pair.target is not None and pair.live is not None
        else pair
        for pair in comparison.pairs
    ]
    return replace(comparison, pairs=tuple(pairs))

"""When Argo CD syncs an Application by itself (controller/appcontroller.go, autoSync)."""

from dataclasses import dataclass

from aiops.lab.api.kinds import Json
from aiops.lab.argocd import names
from aiops.lab.argocd.operations import state_of
from aiops.lab.argocd.projects import sources_of
from aiops.lab.clock import Clock

HEAL_S, HEAL_GROWTH, HEAL_LONGEST_S = 2.0, 3.0, 300.0
"""Pause before the second healing of the same commit, its growth, and its limit."""


@dataclass(frozen=True, kw_only=True)
class Decision:
    """At most one of them: an operation to start, why not (condition SyncError), or after how long to look again."""

    operation: Json | None = None
    error: str = ""
    again_s: float | None = None


def decide(app: Json, status: Json, clock: Clock) -> Decision:
    """By the status of the comparison that was just made."""
    policy = app["spec"].get("syncPolicy") or {}
    automated = policy.get("automated")
    if automated is None or automated.get("enabled") is False:
        return Decision()
    if app.get("operation") or status["sync"]["status"] != "OutOfSync":
        return Decision()
    resources = status.get("resources") or []
    changed = [each for each in resources if each.get("status") != "Synced"]
    if not automated.get("prune") and all(each.get("requiresPruning") for each in changed):
        return Decision()
    operation = _operation(app, status, automated)
    commits = names.revisions_of(status["sync"])
    shown = f"[{' '.join(commits)}]"
    state = state_of(app)
    if _attempted(app, state, commits):
        if state["phase"] != "Succeeded":
            return Decision(error=f"Failed last sync attempt to {shown}: {state.get('message', '')}")
        if not automated.get("selfHeal"):
            return Decision()
        attempts = state["operation"].get("sync", {}).get("autoHealAttemptsCount", 0)
        if (left_s := _pause_s(attempts) - clock.since(state["finishedAt"])) > 0:
            return Decision(again_s=left_s)
        operation["sync"] |= {"autoHealAttemptsCount": attempts + 1, "resources": [_short(each) for each in changed]}
    wipes = all(each.get("requiresPruning") for each in resources)
    if wipes and automated.get("prune") and not automated.get("allowEmpty"):
        return Decision(error=f"Skipping sync attempt to {shown}: auto-sync will wipe out all resources")
    return Decision(operation=operation)


def _operation(app: Json, status: Json, automated: Json) -> Json:
    policy, spec = app["spec"]["syncPolicy"], app["spec"]
    sync: Json = {key: status["sync"][key] for key in ("revision", "revisions") if status["sync"].get(key)}
    sync |= {"sources": spec["sources"]} if spec.get("sources") else {"source": spec["source"]}
    if automated.get("prune"):
        sync["prune"] = True
    if policy.get("syncOptions"):
        sync["syncOptions"] = policy["syncOptions"]
    return {"initiatedBy": {"automated": True}, "retry": policy.get("retry", {"limit": 5}), "sync": sync}


def _attempted(app: Json, state: Json, commits: list[str]) -> bool:
    """The last sync was of the same commits and sources."""
    result = state.get("syncResult")
    if not result:
        return state.get("phase") in ("Succeeded", "Failed", "Error")
    done = names.revisions_of(result)
    sources = result.get("sources") or [result.get("source")]
    return bool(done == commits and sources == sources_of(app))


def _pause_s(attempts: int) -> float:
    return min(HEAL_S * HEAL_GROWTH ** (attempts - 1), HEAL_LONGEST_S) if attempts else 0.0


def _short(resource: Json) -> Json:
    return {key: resource[key] for key in ("group", "kind", "name") if key in resource}

"""What an Application's last or running sync says: over, under way, failed for good, or for a reason that may go.

The texts are those of Argo CD 3.5 (gitops-engine pkg/sync, controller/state.go) and of kube-apiserver 1.36.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aiops.judge.text import stable
from aiops.snapshot import Json

NEVER_BY_ITSELF = (
    " is invalid: ",  # 422 of the API server: the same manifest gets the same answer
    "field is immutable",
    "strict decoding error",
    "is not permitted in project",
)
"""A sync that failed so fails again until somebody changes git, the project or the cluster."""


Phase = Literal["none", "pending", "running", "retrying", "succeeded", "failed"]
ENDED: Mapping[str, Phase] = {"Succeeded": "succeeded", "Failed": "failed", "Error": "failed"}


@dataclass(frozen=True)
class Operation:
    """The sync of an application, reduced to what a wait needs."""

    phase: Phase
    message: str = ""
    automated: bool = False
    """Argo CD started it itself."""
    ending: bool = False
    """Somebody asked to end it."""
    revisions: tuple[str, ...] = ()
    """The commits it syncs, one for each source."""
    finished: str = ""
    again: bool = False
    """It is not the first try."""

    @property
    def hopeless(self) -> bool:
        """It failed for a reason that no retry changes."""
        return self.phase in ("retrying", "failed") and any(text in self.message for text in NEVER_BY_ITSELF)

    @property
    def over(self) -> bool:
        """Nothing is running and nothing will be retried."""
        return self.phase in ("none", "succeeded", "failed")


def operation_of(application: Json) -> Operation:
    """Read `operation` and `status.operationState`.

    `operation` is there until the controller has carried it out; `Running` with `finishedAt` is a pause
    before a retry (argo-cd controller/appcontroller.go, seen on 3.5.7).
    """
    state = application.get("status", {}).get("operationState") or {}
    if not state:
        return Operation("pending" if application.get("operation") else "none")
    result = state.get("syncResult") or {}
    revisions = result.get("revisions") or [result.get("revision", "")]
    initiator = (state.get("operation") or {}).get("initiatedBy") or {}
    phase: Phase
    if ended := ENDED.get(state.get("phase", "")):
        phase = "pending" if application.get("operation") else ended
    else:
        phase = "retrying" if state.get("finishedAt") else "running"
    return Operation(
        phase,
        _message(state),
        bool(initiator.get("automated")),
        state.get("phase") == "Terminating",
        tuple(revisions),
        state.get("finishedAt") or "",
        bool(state.get("retryCount")),
    )


def heals(application: Json) -> int:
    """How often in a row Argo CD has synced one and the same commit, for what differs on the cluster."""
    sync = ((application.get("status", {}).get("operationState") or {}).get("operation") or {}).get("sync") or {}
    return int(sync.get("autoHealAttemptsCount") or 0)


def _message(state: Json) -> str:
    """The failed resource's own message where there is one: the operation's only counts them."""
    for resource in (state.get("syncResult") or {}).get("resources") or ():
        if resource.get("status") == "SyncFailed" or resource.get("hookPhase") in ("Failed", "Error"):
            return stable(f"{resource.get('kind')} {resource.get('name')}: {resource.get('message', '')}")
    return stable(state.get("message") or "")

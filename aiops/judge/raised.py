"""Who switched a model on: written on its Deployment in the same patch that sets its replicas."""

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from aiops.judge.answers.said import json_of
from aiops.judge.fields import owner_of
from aiops.snapshot import Json, moment

RAISED = "aiops.dev/raised-by"
"""The annotation: who, when and by which run, as JSON."""

MACHINES = ("aiops", "argocd", "kube-controller-manager", "keda")
"""Field managers that set replicas without being somebody: Argo CD keeps them in a sync, autoscalers change them."""


@dataclass(frozen=True, kw_only=True)
class Raised:
    """A run of aiops that switched a model on and has not switched it off."""

    run: str
    command: str
    """`bring-up` gives back what it raised; `vllm-up` leaves it up, for its user."""
    user: str
    at: str
    """RFC 3339, by the cluster's clock."""

    @property
    def by_bring_up(self) -> bool:
        """A later bring-up may take it over, and lower it."""
        return self.command == "bring-up"

    def __str__(self) -> str:
        return f"{self.command} of {self.user} at {self.at} (run {self.run})"

    def annotation(self) -> str:
        """The annotation's value."""
        return json.dumps(asdict(self))


def raised_of(deployment: Json) -> Raised | None:
    """Who raised it; None where nobody did by aiops, or where the annotation is none that aiops writes."""
    written = (deployment["metadata"].get("annotations") or {}).get(RAISED, "")
    found = json_of(written.encode()) or {}
    names = [each.name for each in fields(Raised)]
    texts = {name: text for name in names if isinstance(text := found.get(name), str)}
    return Raised(**texts) if len(texts) == len(names) and _is_moment(texts["at"]) else None


def still_raised(deployment: Json) -> Raised | None:
    """Who raised it, unless somebody scaled it by hand since: the annotation outlives a `kubectl scale`."""
    scaler = who_scaled(deployment)
    return raised_of(deployment) if not scaler or scaler.startswith(MACHINES) else None


def who_scaled(deployment: Json) -> str:
    """Who set the replicas last, as the API server remembers it (metadata.managedFields); empty: it does not say."""
    return str(_scaling(deployment).get("manager", ""))


def when_scaled(deployment: Json) -> datetime | None:
    """When that was."""
    return moment(str(_scaling(deployment).get("time") or ""))


def _scaling(deployment: Json) -> Json:
    return owner_of(deployment, "f:spec", "f:replicas")


def _is_moment(text: str) -> bool:
    """With its zone: it is compared with the times of nodes."""
    try:
        found = moment(text)
    except ValueError:
        return False
    return found is not None and found.tzinfo is not None

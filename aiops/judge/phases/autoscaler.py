"""What the node autoscaler says of a pod: by its events, and by its own report where there is no event.

Its events are of type Normal (cluster-autoscaler FAQ), and may be missing (autoscaler#5938). The report is the
ConfigMap cluster-autoscaler-status in the format of 1.30 and newer (autoscaler#6375, clusterstate/api/types.go).
FailedScaleUp with the cloud's reason is GKE's own.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from aiops.errors import TreeError
from aiops.gitops.parsing import Body, items, parse, part, value
from aiops.judge.event import NEVER, began, events_of, happened, words
from aiops.judge.finding import Evidence
from aiops.judge.pod import AUTOSCALER, PAUSES
from aiops.snapshot import Json, moment

REPORT = "ConfigMap kube-system/cluster-autoscaler-status"
TRIGGERED, REFUSED, FAILED = AUTOSCALER
_OPENING = re.compile(r"^pod didn't trigger scale-up( \(.*?\))?:", re.IGNORECASE)
_RISK = ". Pod is at risk of not being scheduled."
_QUOTA = re.compile(r"quota|vcpu ?limit", re.IGNORECASE)
_OF_THE_API = re.compile(r"per minute|rate ?limit", re.IGNORECASE)
"""A quota on calls, which is back a minute later."""


@dataclass(frozen=True)
class Words:
    """The autoscaler's events on one pod."""

    said: tuple[Json, ...]
    """Oldest first."""

    @cached_property
    def trigger(self) -> Json | None:
        """Its newest decision to add a node."""
        return next((event for event in reversed(self.said) if event["reason"] == TRIGGERED), None)

    @cached_property
    def since(self) -> tuple[Json, ...]:
        """What it said after that, oldest first."""
        start = happened(self.trigger) if self.trigger else NEVER
        return tuple(event for event in self.said if event["reason"] != TRIGGERED and happened(event) > start)

    @property
    def last(self) -> Json | None:
        """Its newest word."""
        return self.since[-1] if self.since else self.trigger

    @property
    def refusal(self) -> Json | None:
        """Its newest word, where that is why no node group can help: unlike a pause, it will say so again."""
        last = self.last
        if last is None or last["reason"] != REFUSED or pauses(words(last)):
            return None
        return last if reason(last) else None

    @property
    def failure(self) -> Json | None:
        """The newest node that the cloud did not give, since the newest decision to add one."""
        return next((event for event in reversed(self.since) if event["reason"] == FAILED), None)

    def gave_up(self, now: datetime, limit: timedelta) -> bool:
        """The node that it decided to add has not come within the limit; one that failed earlier is tried again."""
        if self.trigger is None or now - happened(self.trigger) <= limit:
            return False
        deadline = happened(self.trigger) + limit
        return not any(began(event) < deadline for event in self.since)


def report_of(config_map: Json | None) -> Json | None:
    """What the ConfigMap says, as data; None where there is none, and for the prose of autoscalers before 1.30."""
    try:
        found = parse(((config_map or {}).get("data") or {}).get("status", ""), REPORT)
    except TreeError:
        return None
    return found[0] if found and isinstance(found[0], dict) else None


def heard(pod: Json, events: Iterable[Json]) -> Words:
    """What the autoscaler said of a pod."""
    return Words(tuple(event for event in events_of(pod, events) if event.get("reason") in AUTOSCALER))


def reason(event: Json) -> str:
    """What an event says, without what all of its kind say."""
    return _OPENING.sub("", words(event)).removesuffix(_RISK).strip()


def pauses(message: str) -> bool:
    """A refusal that goes by itself: a group is in backoff (2i2c#2185), or its nodes are not healthy yet."""
    return any(sign in message for sign in PAUSES)


def is_quota(message: str) -> bool:
    """The cloud's limit on how much may run, not one on how often its API is called."""
    return bool(_QUOTA.search(message)) and not _OF_THE_API.search(message)


def is_adding(report: Json | None) -> bool:
    """The report says that nodes are on their way, for whomever."""
    groups = items(report, "nodeGroups")
    return any(value(body, "scaleUp", "status") == "InProgress" for body in (*groups, part(report, "clusterWide")))


@dataclass(frozen=True)
class Backoff:
    """Why the autoscaler has stopped to add nodes to a group for a while."""

    said: Evidence
    since: datetime | None


def backoffs(report: Json | None) -> tuple[Backoff, ...]:
    """Of all groups that are in backoff."""
    groups = (part(group, "scaleUp") for group in items(report, "nodeGroups"))
    return tuple(_backoff(scale_up) for scale_up in groups if scale_up.get("status") == "Backoff")


def at_maximum(report: Json | None) -> bool:
    """No node group that the report knows may grow."""
    sizes = [part(group, "health") for group in items(report, "nodeGroups")]
    return bool(sizes) and all(
        int(size.get("cloudProviderTarget") or 0) >= int(size.get("maxSize") or 0) for size in sizes
    )


def _backoff(scale_up: Body) -> Backoff:
    info, at = part(scale_up, "backoffInfo"), str(scale_up.get("lastTransitionTime") or "")
    words = ": ".join(str(info[field]) for field in ("errorCode", "errorMessage") if info.get(field))
    return Backoff(Evidence(REPORT, f"in backoff: {words}".rstrip(": "), at), moment(at))

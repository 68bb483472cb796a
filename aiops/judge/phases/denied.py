"""What the cloud denied the node autoscaler for a pod: its quota is used up, or it has no such machine left.

The words of GKE's events are `GCE quota exceeded` and `GCE out of resources`; in cluster-autoscaler's report stands the
code of its provider (cloudprovider/gce/autoscaling_gce_client.go: QUOTA_EXCEEDED, RESOURCE_POOL_EXHAUSTED) or what the
cloud itself answered (AWS InsufficientInstanceCapacity, Azure AllocationFailed).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from aiops.judge.event import shown, words
from aiops.judge.finding import Evidence
from aiops.judge.phases.autoscaler import TRIGGERED, Words, backoffs, is_quota
from aiops.snapshot import Json

Why = Literal["quota", "stock"]
_STOCK = re.compile(
    r"out of resources|stock-?out|resource_pool_exhausted|(does )?not have (enough|sufficient) .*(resources|capacity)"
    r"|insufficient ?instance ?capacity|(zonal|overconstrained)?allocation ?failed|capacity not available",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Denied:
    """A node that the cloud did not give."""

    why: Why
    said: tuple[Evidence, ...]


def denied(heard: Words, report: Json | None, created: datetime) -> Denied | None:
    """Why a pod, created then, has no node; None where that is not the cloud's doing, or a node is on its way.

    A refusal of the autoscaler itself (NotTriggerScaleUp: a taint, a selector, the size of a group) is neither.
    """
    if heard.refusal or (heard.last is not None and heard.last["reason"] == TRIGGERED):
        return None
    return denied_by_event(heard) or denied_by_report(report, created)


def denied_by_event(heard: Words) -> Denied | None:
    """By its newest failure, unless no node group would help in the first place."""
    if heard.failure is None or heard.refusal:
        return None
    why = _why(words(heard.failure))
    return Denied(why, (shown(heard.failure),)) if why else None


def denied_by_report(report: Json | None, created: datetime) -> Denied | None:
    """By the groups in backoff, where all of them say the same and may have been tried for the pod."""
    found = backoffs(report)
    kinds = {_why(each.said.text) for each in found if each.since is None or each.since >= created}
    untried = any(each.since is not None and each.since < created for each in found)
    if untried or len(kinds) != 1:
        return None
    (why,) = kinds
    return Denied(why, tuple(each.said for each in found)) if why else None


def _why(message: str) -> Why | None:
    if is_quota(message):
        return "quota"
    return "stock" if _STOCK.search(message) else None

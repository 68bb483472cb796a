"""Which network plugin enforces NetworkPolicies, told by its DaemonSet: without one they are no more than text."""

import re
from collections.abc import Iterable

from aiops.gitops.workloads import pods_made_by
from aiops.snapshot import Json, ref_of

_NAMES = re.compile(r"^(anetd|cilium|calico-node|canal|antrea-agent|kube-router|weave-net|ovnkube-node|azure-npm)$")
_IMAGES = re.compile(
    r"cilium/cilium(-ci)?[:@]|calico/node[:@]|antrea/antrea-agent|kube-router[:@]|weave-npc|ovn-kube|azure-npm"
    r"|network-policy-agent|kube-network-polic"
)
"""anetd is GKE's Dataplane V2; on EKS an agent beside the plugin does it."""


def enforcer(daemon_sets: Iterable[Json]) -> str:
    """The DaemonSet of a plugin that is known to enforce them, as `DaemonSet x/anetd`; empty: none is seen."""
    found = (str(ref_of(body)) for body in daemon_sets if _enforces(body))
    return next(found, "")


def _enforces(daemon_set: Json) -> bool:
    images = (
        str(each.body.get("image") or "")
        for pods in pods_made_by(daemon_set)
        for each in pods.containers
        if not each.init
    )
    return bool(_NAMES.match(ref_of(daemon_set).name)) or any(map(_IMAGES.search, images))

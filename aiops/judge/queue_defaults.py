"""What the cluster fills into a Kueue ClusterQueue where its manifest leaves it out.

The defaults of its CustomResourceDefinition (kubernetes-sigs/kueue apis/kueue/v1beta2/clusterqueue_types.go; v1beta1
has `Borrow` for whenCanBorrow). Argo CD compares without them (argo-cd #11074): with server-side apply, or where a
webhook fills them in, what git leaves out is a difference that no sync ever ends.
"""

from collections.abc import Iterator, Mapping

from aiops.gitops.parsing import Body, value

Path = tuple[str, ...]
DEFAULTS: Mapping[Path, str] = {
    ("queueingStrategy",): "BestEffortFIFO",
    ("stopPolicy",): "None",
    ("flavorFungibility", "whenCanBorrow"): "MayStopSearch",
    ("flavorFungibility", "whenCanPreempt"): "TryNextFlavor",
    ("preemption", "reclaimWithinCohort"): "Never",
    ("preemption", "withinClusterQueue"): "Never",
    ("preemption", "borrowWithinCohort", "policy"): "Never",
}
"""By its path in the spec."""
_OLD: Mapping[Path, str] = {("flavorFungibility", "whenCanBorrow"): "Borrow"}


def left_out(body: Body) -> Iterator[tuple[Path, str]]:
    """(path in its spec, the value that it gets) of each that a ClusterQueue does not set."""
    old = str(value(body, "apiVersion") or "").endswith("/v1beta1")
    for path, default in {**DEFAULTS, **(_OLD if old else {})}.items():
        if value(body, "spec", *path) is None:
            yield path, default

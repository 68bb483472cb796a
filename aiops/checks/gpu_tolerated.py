"""Does every pod that asks for a GPU tolerate the taint of GPU nodes?"""

from collections.abc import Iterator, Mapping

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.gitops.models import GPU
from aiops.gitops.parsing import Body, items, value
from aiops.judge.finding import Finding
from aiops.judge.gpu_declared import GpuPods, gpu_pods_of

_QUEUE = "kueue.x-k8s.io/queue-name"
"""Label by which a workload is Kueue's, which gives its pods the tolerations of a ResourceFlavor."""


def _lint(declared: Declared) -> Iterator[Finding]:
    pods = list(gpu_pods_of(declared))
    bad = [each for each in pods if not _tolerates(each.pods.spec) and not _by_kueue(declared, each)]
    for each in bad:
        yield Finding(
            status="warn",
            symptom=f"{each.manifest} asks for a GPU in {'.'.join(map(str, each.pods.path))} and tolerates no {GPU}",
            cause=f"GPU nodes have the taint {GPU}:NoSchedule; only where an admission plugin adds a toleration, as on "
            "GKE, do they take it",
            fix=f"add a toleration with key {GPU}, operator Exists and effect NoSchedule to its pods",
            **of(each.manifest),
            **at(declared.place(each.manifest, *each.pods.path, "tolerations")),
        )
    if not pods:
        yield skip("nothing in the tree asks for a GPU")
    elif not bad:
        yield ok(f"{len(pods)} workloads ask for a GPU, and all tolerate the taint of its nodes")


def _tolerates(spec: Body) -> bool:
    """Whatever value the taint has: GKE writes `present`, others what they like."""
    return any(
        each.get("effect") in (None, "", "NoSchedule")
        and (each.get("key") == GPU or (not each.get("key") and each.get("operator") == "Exists"))
        for each in items(spec, "tolerations")
    )


def _by_kueue(declared: Declared, pods: GpuPods) -> bool:
    """It is in a queue, and a flavor that the tree declares tolerates it; where none is declared, nobody can tell."""
    labels: Mapping[str, object] = {**(value(pods.manifest.body, "metadata", "labels") or {}), **pods.pods.labels}
    flavors = [each.body for each in declared.of("ResourceFlavor")]
    return _QUEUE in labels and (not flavors or any(_tolerates(value(each, "spec") or {}) for each in flavors))


CHECK = Check(
    slug="gpu-tolerated",
    group="gpu",
    title="every workload that asks for a GPU tolerates the taint of GPU nodes",
    lint=_lint,
)

"""How much memory the node has on which a GPU pod may land, as far as a tree tells."""

from aiops.gitops.declared import Declared
from aiops.gitops.parsing import Body, value
from aiops.judge.footprint import GIB
from aiops.judge.gpu_declared import GpuPods, declared_types, running_in
from aiops.judge.machines import ON_GKE, Machine, machine_of, smallest
from aiops.judge.quantity import number_of
from aiops.judge.shared_memory import limit_of


def host_of(declared: Declared, pods: GpuPods) -> Machine | None:
    """The smallest machine on which they may land; None where nobody can tell.

    Of the machine types that they pin; else of the GPU types that they pin or that are known; on a GKE of which none is
    known, of those types whose machines are not of any size.
    """
    if pods.machines or pods.elsewhere:
        found = [machine for name in pods.machines if (machine := machine_of(name)) is not None]
    elif declared.config is not None and declared.config.gpu_stack == "gke-managed":
        labels = pods.pinned or tuple(declared_types(declared)) or ON_GKE
        cpus, memory = requests_of(pods.pods.spec)
        found = [each for label in labels if (each := smallest(label, pods.gpus, cpus, memory)) is not None]
    else:
        found = []
    return min(found, key=lambda each: each.memory_gib, default=None)


def requests_of(spec: Body) -> tuple[float, float]:
    """CPUs and GiB of its running containers together. What is limited alone is requested as much."""
    cpus, memory = (sum(_asked(each, what) for each in running_in(spec)) for what in ("cpu", "memory"))
    return cpus, memory / GIB


def memory_limit_gib(container: Body) -> float | None:
    """How much a container may use; None: nothing is written."""
    limit = limit_of(container)
    return None if limit is None else float(limit) / GIB


def _asked(container: Body, what: str) -> float:
    given = (number_of(value(container, "resources", field, what)) for field in ("requests", "limits"))
    return float(next((found for found in given if found is not None), 0))

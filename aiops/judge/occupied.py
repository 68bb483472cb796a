"""Who else wants the GPUs that are there."""

from collections.abc import Iterator

from aiops.judge.bill import gpus_of
from aiops.judge.finding import Finding
from aiops.judge.scaling import Before
from aiops.judge.stoppable import running_models


def occupied(before: Before) -> Finding | None:
    """Other models that want the only GPU; None where there is room. A pool at zero nodes is invisible, so only a node
    that is there counts as room."""
    others = dict(_others(before))
    room = sum(gpus_of(node) for node in before.nodes) - sum(others.values())
    if not others or room >= before.model.gpus:
        return None
    names = ", ".join(f"{name} ({gpus} GPU)" for name, gpus in others.items())
    return Finding(
        status="fail", id="model.gpu-taken", about=next(iter(others)),
        symptom=f"no GPU is free: {names}",
        fix="stop one of them first, a model with `aiops vllm-down`; --anyway asks for one more GPU",
    )  # fmt: skip


def _others(before: Before) -> Iterator[tuple[str, int]]:
    """Who else asks for GPUs now: Deployments by what they want, and pods of no Deployment."""
    own = ("Deployment", before.model.namespace, before.model.name)
    for each in running_models(before.deployments, before.pods):
        if (each.kind, each.namespace, each.name) != own:
            yield str(each), each.gpus

"""How far a model that was scaled up from 0 is, and whether it can still come up."""

from dataclasses import replace

from aiops.judge.lineage import is_ready, pod_of
from aiops.judge.model import Model
from aiops.judge.phases.creation import uncreated, unseen
from aiops.judge.phases.image import image
from aiops.judge.phases.placement import placement
from aiops.judge.phases.serving import serving
from aiops.judge.phases.stand import PHASES, Phase, Stand
from aiops.judge.phases.startup import startup
from aiops.snapshot import Json, ModelLook

__all__ = ["PHASES", "Phase", "Stand", "stand_of"]


def stand_of(model: Model, look: ModelLook, *, node_s: float) -> Stand:
    """Where a model stands, by one look. `node_s`: seconds that the autoscaler gives a node to join (its own
    --max-node-provision-time)."""
    pod = None if unseen(look) else pod_of(look)
    stand = uncreated(look) if pod is None else _of_pod(model, look, pod, node_s)
    if pod is not None:
        node = pod["spec"].get("nodeName") or stand.node
        stand = replace(stand, pod=pod["metadata"]["name"], node=node)
    return replace(stand, detail=f"{model.name} (Deployment): {stand.detail}")


def _of_pod(model: Model, look: ModelLook, pod: Json, node_s: float) -> Stand:
    if not pod["spec"].get("nodeName"):
        return placement(model, look, pod, node_s)
    if is_ready(pod):
        return serving(model, look.served)
    return image(look, pod) or startup(model, look, pod)

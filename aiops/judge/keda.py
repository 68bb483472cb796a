"""What KEDA would do to the replicas of a Deployment."""

from collections.abc import Iterable, Iterator

from aiops.judge.finding import Finding
from aiops.snapshot import Json, ref_of

PAUSED, PINNED = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"
"""KEDA's annotations: leave the replicas alone; set them to a number and leave them there (the stronger of the two)."""


def keda_undoes(scaledobjects: Iterable[Json], name: str, replicas: int) -> Iterator[Finding]:
    """The ScaledObjects that will (fail) or may (warn) not leave a Deployment at so many replicas."""
    for body in scaledobjects:
        target = (body.get("spec") or {}).get("scaleTargetRef") or {}
        if target.get("name") != name or (target.get("kind") or "Deployment") != "Deployment":
            continue
        notes, meta = body["metadata"].get("annotations") or {}, body["metadata"]
        where = f"-n {meta.get('namespace')} annotate scaledobject {meta['name']} --overwrite"
        if (pinned := notes.get(PINNED)) is not None:
            if pinned != str(replicas):
                yield Finding(
                    status="fail", id="model.keda-pinned", about=str(ref_of(body)),
                    symptom=f"{ref_of(body)} pins it to {pinned} replicas ({PINNED})",
                    fix=f"kubectl {where} {PINNED}- {PAUSED}=true",
                )  # fmt: skip
        elif notes.get(PAUSED) != "true":
            spec = body["spec"]
            least = int(spec.get("idleReplicaCount", spec.get("minReplicaCount")) or 0)
            most = spec.get("maxReplicaCount", 100)
            yield Finding(
                status="fail" if least > replicas else "warn", id="model.keda", about=str(ref_of(body)),
                symptom=f"{ref_of(body)} is not paused: KEDA sets the replicas, between {least} and {most}",
                fix=f"kubectl {where} {PAUSED}=true",
            )  # fmt: skip

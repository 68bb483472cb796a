"""What KEDA would do to the replicas of a Deployment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aiops.gitops.parsing import Body, items, part, value
from aiops.judge.finding import Finding
from aiops.snapshot import Json, ref_of

PAUSED, PINNED = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"
"""KEDA's annotations: leave the replicas alone; set them to a number and leave them there (the stronger of the two)."""
_MOST = 100
"""KEDA's own maxReplicaCount."""


@dataclass(frozen=True)
class Autoscaling:
    """What a ScaledObject, live or in git, has KEDA do."""

    kind: str
    """Of its target."""
    target: str
    pinned: str | None
    """The number that pins its target, as it is written."""
    paused: bool
    """KEDA leaves the replicas alone, or at the pinned number."""
    least: int
    """Where nothing pauses it."""
    most: int

    @property
    def floor(self) -> int:
        """So many replicas KEDA keeps up, whatever anybody else sets."""
        if self.pinned is not None:
            return int(self.pinned) if self.pinned.isdecimal() else 0
        return 0 if self.paused else self.least


def autoscaling(body: Body) -> Autoscaling:
    """What a ScaledObject has KEDA do. Only the word "true" pauses: some versions take "false" for false, others not
    (kedacore/keda#5215)."""
    notes, spec = part(body, "metadata", "annotations"), part(body, "spec")
    pinned, paused = notes.get(PINNED), notes.get(PAUSED)
    idle = spec.get("idleReplicaCount")
    least = spec.get("minReplicaCount") if idle is None else idle
    return Autoscaling(
        kind=str(value(spec, "scaleTargetRef", "kind") or "Deployment"),
        target=str(value(spec, "scaleTargetRef", "name") or ""),
        pinned=None if pinned is None else str(pinned),
        paused=pinned is not None or paused in ("true", True),
        least=_count(least, 0),
        most=_count(spec.get("maxReplicaCount"), _MOST),
    )


def _count(written: object, default: int) -> int:
    """What is no number, as a template's variable, counts as what is not written."""
    return int(str(written)) if str(written).isdecimal() else default


def autoscaler_of(scaled: Json) -> tuple[str, str]:
    """(namespace, name) of the HorizontalPodAutoscaler that KEDA makes for a ScaledObject."""
    who = ref_of(scaled)
    return who.namespace, str((scaled.get("status") or {}).get("hpaName") or f"keda-hpa-{who.name}")


def triggers_of(body: Body) -> Iterator[tuple[int, Body]]:
    """(index, metadata) of each trigger that asks a Prometheus."""
    for index, each in enumerate(items(body, "spec", "triggers")):
        if each.get("type") == "prometheus":
            yield index, part(each, "metadata")


def keda_undoes(scaledobjects: Iterable[Json], name: str, replicas: int) -> Iterator[Finding]:
    """The ScaledObjects that will (fail) or may (warn) not leave a Deployment at so many replicas."""
    for body in scaledobjects:
        found, meta = autoscaling(body), body["metadata"]
        if (found.kind, found.target) != ("Deployment", name):
            continue
        where = f"-n {meta.get('namespace')} annotate scaledobject {meta['name']} --overwrite"
        if found.pinned is not None:
            if found.pinned != str(replicas):
                yield Finding(
                    status="fail", id="model.keda-pinned", about=str(ref_of(body)),
                    symptom=f"{ref_of(body)} pins it to {found.pinned} replicas ({PINNED})",
                    fix=f"kubectl {where} {PINNED}- {PAUSED}=true",
                )  # fmt: skip
        elif not found.paused:
            yield Finding(
                status="fail" if found.least > replicas else "warn", id="model.keda", about=str(ref_of(body)),
                symptom=f"{ref_of(body)} is not paused: KEDA sets the replicas, between {found.least} and {found.most}",
                fix=f"kubectl {where} {PAUSED}=true",
            )  # fmt: skip

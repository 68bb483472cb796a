"""The pods of an InferencePool on a cluster: which it has, whether somebody wants one, and since when none answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aiops.gitops.parsing import value
from aiops.gitops.workloads import pods_made_by
from aiops.judge.age import age_s
from aiops.judge.fields import condition
from aiops.judge.lineage import has_ended, is_going, is_ready
from aiops.judge.model import STARTUP_S, model_of
from aiops.judge.network.servers import selector_of
from aiops.judge.raised import when_scaled
from aiops.snapshot import Json, ref_of

_NODE_AND_IMAGE_S = 900.0
"""What a node and an image may take, before a server's own time to start begins."""


@dataclass(frozen=True, kw_only=True)
class PoolPods:
    """A pool with what its selector selects."""

    pool: Json
    pods: tuple[Json, ...]
    """Those that neither end nor have ended."""
    deployments: tuple[Json, ...]

    @property
    def wanted(self) -> bool:
        """Somebody wants a pod of it to run."""
        return bool(self.pods) or any(map(replicas, self.deployments))

    @property
    def answers(self) -> bool:
        """One of its pods is ready."""
        return any(map(is_ready, self.pods))

    @property
    def patience_s(self) -> float:
        """How long its first pod may take."""
        return _NODE_AND_IMAGE_S + max((model_of(body).startup_s for body in self.deployments), default=STARTUP_S)

    def since_s(self, now: datetime) -> float:
        """For how long none is ready, at the least: by the last change of any of its pods, or of who wants them."""
        times: list[str | None] = [_changed(pod, "Ready") or _made(pod) for pod in self.pods]
        for body in self.deployments if not times else ():
            scaled = when_scaled(body)
            times += [_changed(body, "Available"), _made(body), scaled.isoformat() if scaled else None]
        return min((age for time in times if (age := age_s(now, time)) is not None), default=0.0)


def pool_pods(pool: Json, pods: Iterable[Json], deployments: Iterable[Json]) -> PoolPods:
    """What a pool's selector selects among these."""
    namespace, selector = ref_of(pool).namespace, selector_of(pool)

    def has(body: Json, labels: Mapping[str, str]) -> bool:
        return bool(selector) and ref_of(body).namespace == namespace and selector.items() <= labels.items()

    living = (each for each in pods if not has_ended(each) and not is_going(each))
    return PoolPods(
        pool=pool,
        pods=tuple(each for each in living if has(each, each["metadata"].get("labels") or {})),
        deployments=tuple(body for body in deployments if any(has(body, made.labels) for made in pods_made_by(body))),
    )


def replicas(deployment: Json) -> int:
    """How many a Deployment wants."""
    wanted = value(deployment, "spec", "replicas")
    return 1 if wanted is None else int(wanted)


def _changed(body: Json, kind: str) -> str | None:
    found: str | None = condition(body, kind).get("lastTransitionTime")
    return found


def _made(body: Json) -> str | None:
    found: str | None = body["metadata"].get("creationTimestamp")
    return found

"""Models on their way down: until their pods are gone, and until the nodes they were on have left."""

from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from aiops.clients.kube import DEPLOYMENTS, NODES, PODS
from aiops.judge.bill import bill_of, is_gpu_node
from aiops.judge.raised import who_scaled
from aiops.judge.stoppable import pods_of
from aiops.operations import paying
from aiops.operations.followed import Followed
from aiops.operations.gpus import users_of
from aiops.operations.since import Since
from aiops.operations.waiting import Inbox, Moment, until
from aiops.progress.events import ENDS, Looked, Row, State
from aiops.session import Session
from aiops.snapshot import Json

MODELS, GPU_NODES = "models", "GPU nodes"


@dataclass(frozen=True)
class Ended:
    """How it stands at the end."""

    rows: tuple[Row, ...]
    seconds: float
    over: bool
    """The deadline came first."""
    trouble: str


class Lowering:
    """One wait; its methods run in the main thread."""

    def __init__(self, session: Session, lowered: Sequence[Json], drained: Sequence[str]) -> None:
        """`lowered`: the Deployments that are at 0 now; `drained`: the nodes to see leave. A GPU node that joins
        meanwhile, because a pod had asked for it, is one of them."""
        self.session, self.lowered, self.drained = session, lowered, dict.fromkeys(drained)
        self.inbox: Inbox = SimpleQueue()
        self.followed = Followed(session.kube, dict.fromkeys((DEPLOYMENTS, PODS, NODES)), self.inbox)
        self.since_when = Since()
        self.known: set[str] | None = None

    def run(self, limit_s: float) -> Ended:
        """The end: everything down and gone, something up again, or the deadline."""
        try:
            return until(self.inbox, self.followed.take, self._look, limit_s=limit_s)
        finally:
            self.followed.stop.set()

    def _look(self, moment: Moment) -> Ended | None:
        rows: tuple[Row, ...] = ()
        if self.followed.complete:
            users = users_of(self._others())
            self._newcomers()
            paying.remaining(self.session, self.followed.every(NODES), users)
            models = (self._model(each) for each in self.lowered)
            rows = (*models, *(self._node(name, users.get(name, "")) for name in self.drained))
            rows = tuple(self.since_when.stamp(row) for row in rows)
        trouble = self.followed.trouble()
        self.session.report(
            Looked(
                what="the models to be down, and their nodes gone",
                rows=rows, elapsed_s=moment.elapsed_s, limit_s=moment.limit_s, trouble=trouble,
            )
        )  # fmt: skip
        settled = self.followed.complete and all(row.state in ENDS for row in rows) and not trouble
        if settled or moment.over or any(row.state == "hopeless" for row in rows):
            unseen = "" if self.followed.complete else "nothing could be seen"
            return Ended(rows, moment.elapsed_s, moment.over and not settled, trouble or unseen)
        return None

    def _others(self) -> tuple[Json, ...]:
        """The pods that are not of a model on its way down."""
        pods = self.followed.every(PODS)
        own = {pod["metadata"]["uid"] for each in self.lowered for pod in pods_of(each, pods)}
        return tuple(pod for pod in pods if pod["metadata"]["uid"] not in own)

    def _newcomers(self) -> None:
        nodes = {node["metadata"]["name"] for node in self.followed.every(NODES) if is_gpu_node(node)}
        if self.known is not None:
            self.drained.update(dict.fromkeys(sorted(nodes - self.known)))
        self.known = nodes

    def _model(self, deployment: Json) -> Row:
        meta = deployment["metadata"]
        name = f"{meta['namespace']}/{meta['name']}"
        live = self.followed.objects(DEPLOYMENTS).get(name)
        pods = pods_of(deployment, self.followed.every(PODS))
        if live is not None and (replicas := live["spec"].get("replicas")):
            who = who_scaled(live) or "somebody"
            return _row(f"Deployment {name}", MODELS, "hopeless", f"scaled up again to {replicas}, by {who}")
        if pods:
            names = ", ".join(sorted(pod["metadata"]["name"] for pod in pods))
            return _row(f"Deployment {name}", MODELS, "waiting", f"at 0 replicas; still ending: {names}")
        return _row(f"Deployment {name}", MODELS, "settled", "at 0 replicas, no pod left")

    def _node(self, name: str, user: str) -> Row:
        node = self.followed.objects(NODES).get(name)
        if node is None:
            return _row(f"node {name}", GPU_NODES, "settled", "left: it bills no more")
        if user:
            return _row(f"node {name}", GPU_NODES, "suspended", f"stays: {user} uses its GPU")
        bill = bill_of(node, self.session.kube.now(), self.session.prices)
        price = "" if bill.per_hour is None else f", {bill.per_hour:.2f} an hour"
        return _row(f"node {name}", GPU_NODES, "waiting", f"idle, and bills until it leaves{price}")


def _row(name: str, layer: str, state: State, detail: str) -> Row:
    return Row(name=name, layer=layer, group="", state=state, detail=detail)

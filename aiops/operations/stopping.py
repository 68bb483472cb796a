"""InferenceServices on their way down or up: their pods tell, not their status alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue

from aiops.clients.kube import EVENTS, NODES, PODS, Kind
from aiops.judge.bill import is_gpu_node
from aiops.judge.event import events_of
from aiops.judge.finding import Finding, worst
from aiops.judge.pod import judge_pod
from aiops.judge.reason import reason_of
from aiops.operations import paying
from aiops.operations.followed import Followed
from aiops.operations.pods import can_be_asked
from aiops.operations.since import Since
from aiops.operations.waiting import Inbox, Moment, until
from aiops.progress.events import ENDS, Looked, Row, State
from aiops.session import Session
from aiops.snapshot import Json

STOP = "serving.kserve.io/stop"
SERVICE = "serving.kserve.io/inferenceservice"
"""The label by which KServe marks the pods of an InferenceService."""


@dataclass(frozen=True)
class Outcome:
    """How the services stand at the end."""

    rows: tuple[Row, ...]
    seconds: float

    @property
    def exit_code(self) -> int:
        """3 where one cannot come up, 4 where the deadline came first."""
        if any(row.state == "hopeless" for row in self.rows):
            return 3
        return 0 if self.rows and all(row.state in ENDS for row in self.rows) else 4

    @property
    def open(self) -> str:
        """What has not ended well, in words."""
        return "; ".join(f"{row.name}: {row.detail}" for row in self.rows if row.state not in ENDS) or "nothing seen"


class Stopping:
    """One wait; its methods run in the main thread."""

    def __init__(self, session: Session, kind: Kind, services: Sequence[Json], *, up: bool) -> None:
        """`up`: until their pods are ready; else until they are gone."""
        self.session, self.kind, self.services, self.up = session, kind, services, up
        self.inbox: Inbox = SimpleQueue()
        self.followed = Followed(session.kube, dict.fromkeys((kind, PODS, NODES, EVENTS)), self.inbox)
        self.since_when = Since()

    def run(self, limit_s: float) -> Outcome:
        """The end, within `limit_s` seconds."""
        try:
            return until(self.inbox, self.followed.take, self._look, limit_s=limit_s)
        finally:
            self.followed.stop.set()

    def _look(self, moment: Moment) -> Outcome | None:
        rows = tuple(map(self._row, self.services)) if self.followed.complete else ()
        rows = tuple(self.since_when.stamp(row) for row in rows)
        what = f"the InferenceServices to be {'up' if self.up else 'gone'}"
        trouble = self.followed.trouble()
        self.session.report(
            Looked(what=what, rows=rows, elapsed_s=moment.elapsed_s, limit_s=moment.limit_s, trouble=trouble)
        )
        done = rows and all(row.state in ENDS for row in rows) and not trouble
        if done or moment.over or any(row.state == "hopeless" for row in rows):
            return Outcome(rows, moment.elapsed_s)
        return None

    def _row(self, service: Json) -> Row:
        meta = service["metadata"]
        name = f"{meta['namespace']}/{meta['name']}"
        live = self.followed.objects(self.kind).get(name)
        pods = [pod for pod in self.followed.every(PODS) if _belongs(pod, meta["namespace"], meta["name"])]
        return self._up(name, live, pods) if self.up else self._down(name, live, pods)

    def _down(self, name: str, live: Json | None, pods: Sequence[Json]) -> Row:
        if live is not None and not is_stopped(live):
            return _made(name, "hopeless", f"somebody took its annotation {STOP} away again")
        if pods:
            self._keep_paying(name, pods)
            names = ", ".join(sorted(pod["metadata"]["name"] for pod in pods))
            return _made(name, "waiting", f"still there: {names}")
        paying.stopped(self.session, f"InferenceService {name}")
        return _made(name, "suspended", "paused, no pod left")

    def _up(self, name: str, live: Json | None, pods: Sequence[Json]) -> Row:
        if live is None or is_stopped(live):
            return _made(name, "hopeless", f"its annotation {STOP} is there again" if live else "it was deleted")
        self._keep_paying(name, pods)
        reason = reason_of(live)
        if pods and all(map(can_be_asked, pods)) and live.get("status", {}).get("conditions") and reason is None:
            return _made(name, "settled", f"{len(pods)} pod{'s' if len(pods) > 1 else ''} ready")
        cause = self._cause(pods)
        if cause is not None:
            return _made(name, "hopeless" if cause.hope == "no" else "waiting", f"{cause.about}: {cause.symptom}")
        return _made(name, "waiting", reason.text if reason else "no pod yet" if not pods else "its pods are not ready")

    def _keep_paying(self, name: str, pods: Sequence[Json]) -> None:
        """As long as one of its pods is on a GPU node."""
        nodes = (self.followed.objects(NODES).get(pod["spec"].get("nodeName", "")) for pod in pods)
        if (node := next((node for node in nodes if node is not None and is_gpu_node(node)), None)) is not None:
            paying.keep(self.session, f"InferenceService {name}", node, f"aiops pause {name}")

    def _cause(self, pods: Sequence[Json]) -> Finding | None:
        events = self.followed.every(EVENTS)
        found = (judge_pod(pod, events_of(pod, events)) for pod in pods)
        return worst(finding for finding in found if finding is not None)


def is_stopped(service: Json) -> bool:
    """KServe was told to stop it."""
    return bool((service["metadata"].get("annotations") or {}).get(STOP) == "true")


def _belongs(pod: Json, namespace: str, name: str) -> bool:
    meta = pod["metadata"]
    return meta["namespace"] == namespace and (meta.get("labels") or {}).get(SERVICE) == name


def _made(name: str, state: State, detail: str) -> Row:
    return Row(name=f"InferenceService {name}", layer="services", group="", state=state, detail=detail)

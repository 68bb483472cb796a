"""Reads what only some phases need: the autoscaler's own report, the GPU's drivers, logs, and the model's server."""

from dataclasses import dataclass, field
from functools import partial

from aiops.clients.kube import CONFIGMAPS, PODS, Kube
from aiops.errors import AiopsError, NoAnswer, NotFound, Unreachable
from aiops.judge.model import Model
from aiops.judge.phases.autoscaler import report_of
from aiops.judge.phases.phase import Stand
from aiops.operations.asking import served_models
from aiops.operations.waiting import Answer, Questions
from aiops.session import Session
from aiops.snapshot import Json, Served

AUTOSCALER = ("kube-system", "cluster-autoscaler-status")
AUTOSCALER_EVERY_S, PODS_EVERY_S, LOG_EVERY_S, SERVED_EVERY_S = 10.0, 3.0, 5.0, 2.0
LOG_LINES = 100
SILENT = {"refused": "no connection yet", "broken": "no connection yet", "late": "no answer in time"}
"""In words that stay the same from one try to the next: a server that is not there yet fails in several ways."""
OPERATORS = ("nvidia", "gpu-operator", "device-plugin", "dcgm")
"""What the names of the pods that install a GPU hold, whoever provides them."""


@dataclass
class Seen:
    """What was read so far."""

    autoscaler: Json | None = None
    operator_pods: tuple[Json, ...] = ()
    logs: dict[str, str] = field(default_factory=dict)
    served: Served | None = None


class Closer:
    """Asks beside the waiting loop; `take` each answer."""

    def __init__(self, session: Session, model: Model, questions: Questions) -> None:
        self._session, self._model, self._questions = session, model, questions
        self._pod = ""
        self.seen = Seen()

    def ask(self, stand: Stand) -> None:
        """Start the reads that this phase needs, unless they are under way or fresh."""
        if stand.pod != self._pod:  # another pod: what was read of the one before says nothing
            self._pod = stand.pod
            self.seen = Seen(autoscaler=self.seen.autoscaler, operator_pods=self.seen.operator_pods)
        kube, ask = self._session.kube, self._questions.ask
        if stand.phase == "capacity":
            ask("autoscaler", partial(_autoscaler, kube), every_s=AUTOSCALER_EVERY_S)
        if stand.phase == "gpu" and stand.node:
            ask("drivers", partial(_drivers, kube, stand.node), every_s=PODS_EVERY_S)
        for container in stand.wants_log:
            read = partial(_log, kube, self._model.namespace, stand.pod, container)
            ask(f"log {container} {stand.pod}", read, every_s=LOG_EVERY_S)
        if stand.phase == "serving" and stand.pod:
            read_served = partial(served_models, self._session, self._model, stand.pod)
            ask(f"served {stand.pod}", read_served, every_s=SERVED_EVERY_S)

    def knows_logs(self, stand: Stand) -> bool:
        """Whatever the logs can add is known, or cannot be read."""
        return all(container in self.seen.logs for container in stand.wants_log)

    def take(self, answer: Answer) -> None:
        """Keep an answer; raises what keeps the model's server from being asked at all."""
        topic, *about = answer.topic.split()
        if about and about[-1] != self._pod:
            return
        match topic, answer.error:
            case "autoscaler", None:
                self.seen.autoscaler = answer.value
            case "drivers", None:
                self.seen.operator_pods = answer.value
            case "log", _:
                self.seen.logs[about[0]] = answer.value or self.seen.logs.get(about[0], "")
            case "served", None:
                self.seen.served = answer.value
            case "served", NoAnswer() as error:
                self.seen.served = Served(0, problem=SILENT[error.kind])
            case "served", Unreachable() | NotFound() as error:
                self.seen.served = Served(0, problem=error.message)
            case "served", AiopsError() as error:
                raise error
            case _:
                pass  # the others only add to what the objects say


def _autoscaler(kube: Kube) -> Json | None:
    namespace, name = AUTOSCALER
    return report_of(kube.get(CONFIGMAPS, name, namespace))


def _drivers(kube: Kube, node: str) -> tuple[Json, ...]:
    pods = kube.list(PODS, fields=f"spec.nodeName={node}").items
    return tuple(pod for pod in pods if any(sign in pod["metadata"]["name"] for sign in OPERATORS))


def _log(kube: Kube, namespace: str, pod: str, container: str) -> str:
    """Of the run that ended last; of the one under way where none has."""
    try:
        return kube.log(namespace, pod, container, lines=LOG_LINES, previous=True)
    except AiopsError:
        return kube.log(namespace, pod, container, lines=LOG_LINES, previous=False)

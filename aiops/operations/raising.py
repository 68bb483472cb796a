"""A model on its way up, through named phases, until its own server says that it serves it."""

from queue import SimpleQueue

from aiops.clients.kube import DEPLOYMENTS, EVENTS, NODES, PODS, REPLICASETS
from aiops.judge.phases.phase import stand_of
from aiops.judge.raised import who_scaled
from aiops.operations import paying
from aiops.operations.closer import Closer
from aiops.operations.followed import Followed
from aiops.operations.models import Found
from aiops.operations.phases import Phases
from aiops.operations.waiting import Answer, Inbox, Message, Moment, Questions, until
from aiops.progress.events import Looked, Said
from aiops.progress.results import ModelUp
from aiops.session import Session
from aiops.snapshot import Json, ModelLook


class Raising:
    """One wait; its methods run in the main thread."""

    def __init__(self, session: Session, found: Found) -> None:
        namespace = found.model.namespace
        self.session, self.found, self.model = session, found, found.model
        self.inbox: Inbox = SimpleQueue()
        self.questions = Questions(self.inbox)
        kinds = {**dict.fromkeys((DEPLOYMENTS, REPLICASETS, PODS, EVENTS), namespace), NODES: None}
        self.followed = Followed(session.kube, kinds, self.inbox)
        self.closer = Closer(session, found.model, self.questions)
        self.phases = Phases(session.config.aiops.timeouts, found.model)

    def run(self, limit_s: float) -> ModelUp:
        """How it ended, within `limit_s` seconds; raises what keeps it from looking at all."""
        try:
            return until(self.inbox, self._take, self._look, limit_s=limit_s)
        finally:
            self.followed.stop.set()

    def _take(self, message: Message) -> None:
        if isinstance(message, Answer):
            self.questions.close(message)
            self.closer.take(message)
        else:
            self.followed.take(message)

    def _look(self, moment: Moment) -> ModelUp | None:
        if not self.followed.complete:
            self._report(moment, "")
            return self._ran_out(moment) if moment.over else None
        deployment = self.followed.objects(DEPLOYMENTS).get(self.model.name)
        if deployment is None or not deployment["spec"].get("replicas"):
            return self._end(moment, f"{self.found.name}: {self._lost(deployment)}", exit_code=3)
        stand = stand_of(self.model, self._seen(deployment), node_s=self.session.config.aiops.timeouts.node)
        back, stand = self.phases.advance(stand), self.phases.stand
        if back is not None:
            self.session.report(
                Said(text=f"{self.found.name}: back from {back} to {stand.phase}: {stand.detail}", level="warn")
            )
        node = self.followed.objects(NODES).get(stand.node)
        paid = paying.keep(self.session, str(self.found), node, f"aiops vllm-down {self.found.name}")
        self._report(moment, paying.words(paid))
        if stand.done:
            return self._end(moment, f"{self.found.name} serves {self.model.served} after {moment.elapsed_s:.0f} s")
        if stand.hope == "no" and (moment.over or self.closer.knows_logs(stand)):
            return self._end(moment, f"{self.found.name}: {stand.phase}: {stand.detail}", stand.fix, 3)
        if moment.over:
            return self._ran_out(moment)
        self.closer.ask(stand)
        return None

    def _seen(self, deployment: Json) -> ModelLook:
        look, every = self.closer.seen, self.followed.every
        return ModelLook(
            taken=self.session.kube.now(), deployment=deployment,
            replicasets=every(REPLICASETS), pods=every(PODS), events=every(EVENTS), nodes=every(NODES),
            autoscaler=look.autoscaler, operator_pods=look.operator_pods, logs=dict(look.logs), served=look.served,
        )  # fmt: skip

    def _lost(self, deployment: Json | None) -> str:
        if deployment is None:
            return f"{self.found} was deleted meanwhile"
        return f"{self.found} was scaled back to 0 meanwhile, by {who_scaled(deployment) or 'somebody'}"

    def _ran_out(self, moment: Moment) -> ModelUp:
        """What was still missing at the deadline; nothing at all may have been seen."""
        stand, trouble = self.phases.stand, self.followed.trouble()
        what = f"still in phase {stand.phase} ({self.phases.passed_words()}): {stand.detail}"
        summary = f"{self.found.name}: after {moment.elapsed_s:.0f} s {trouble or what}"
        return self._end(moment, summary, f"a longer --timeout than {moment.limit_s:.0f}s may do", 4)

    def _end(self, moment: Moment, summary: str, hint: str = "", exit_code: int = 0) -> ModelUp:
        return ModelUp(
            summary=summary, hint=hint, exit_code=exit_code,
            model=self.found.name, rows=self.phases.rows(), seconds=moment.elapsed_s,
        )  # fmt: skip

    def _report(self, moment: Moment, note: str) -> None:
        self.session.report(
            Looked(
                what=f"{self.found.name} to serve",
                rows=self.phases.rows() if self.followed.complete else (),
                elapsed_s=moment.elapsed_s,
                limit_s=moment.limit_s,
                trouble=self.followed.trouble(),
                note=note,
            )
        )

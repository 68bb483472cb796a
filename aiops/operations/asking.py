"""Questions to the server in a pod, and the verdict on each answer."""

from collections.abc import Callable
from dataclasses import dataclass

from aiops.clients.endpoint import Endpoint, Reply
from aiops.errors import NoAnswer
from aiops.judge.answers.question import auto_bodies, chat_body
from aiops.judge.answers.refusal import judge_refusal
from aiops.judge.answers.reply import Asked
from aiops.judge.answers.served import judge_models
from aiops.judge.answers.silence import judge_silence
from aiops.judge.answers.stream import judge_stream
from aiops.judge.answers.tool_call import judge_auto
from aiops.judge.finding import Finding
from aiops.judge.model import Model
from aiops.progress.results import Probe
from aiops.session import Session
from aiops.snapshot import Json, Served

CHAT = "/v1/chat/completions"
PATHS = {"chat": CHAT, "completions": "/v1/completions", "embeddings": "/v1/embeddings"}
Judge = Callable[[Asked, Reply], Finding]


def served_models(session: Session, model: Model, pod: str) -> Served:
    """What a model's own server says it serves; Unreachable where nobody answers."""
    endpoint = Endpoint(session.kube, model.namespace, pod, model.port)
    key = secret_key(session, model)
    return judge_models(endpoint.ask("GET", "/v1/models", key=key, timeout_s=session.config.aiops.timeouts.request))


def secret_key(session: Session, model: Model) -> str | None:
    """The key that the model's Secret holds now; None where it wants none."""
    if model.key is None:
        return None
    return session.kube.secret(model.namespace, model.key.secret, model.key.key)


@dataclass(frozen=True)
class Talk:
    """One server that is asked for one model."""

    asked: Asked
    endpoint: Endpoint
    timeout_s: float

    def probe(self, what: str, path: str, body: Json, judge: Judge, key: str | None) -> Probe:
        """One request and the verdict on its answer, or on the silence."""
        try:
            finding = judge(self.asked, self.endpoint.ask("POST", path, body, key=key, timeout_s=self.timeout_s))
        except NoAnswer as error:
            finding = judge_silence(self.asked, error.kind, error.message)
        return self.told(what, finding)

    def auto(self, what: str, key: str | None) -> Probe:
        """Chats that leave it to the model whether to call a tool, and one verdict on all answers."""
        bodies, timeout_s = auto_bodies(self.asked.model), self.timeout_s
        try:
            replies = [self.endpoint.ask("POST", CHAT, body, key=key, timeout_s=timeout_s) for body in bodies]
        except NoAnswer as error:
            return self.told(what, judge_silence(self.asked, error.kind, error.message))
        return self.told(what, judge_auto(self.asked, replies))

    def stream(self, key: str | None) -> Probe:
        """A chat that arrives token by token: when the first came, and how many a second."""
        lines: list[tuple[float, bytes]] = []
        body, broken = chat_body(self.asked.model, stream=True), ""
        try:
            with self.endpoint.open_stream(CHAT, body, key=key, timeout_s=self.timeout_s) as stream:
                if stream.reply is not None and stream.reply.status != 200:
                    return self.told("stream", judge_refusal(self.asked, stream.reply))
                lines.extend(stream.lines())
        except NoAnswer as error:
            if not lines:
                return self.told("stream", judge_silence(self.asked, error.kind, error.message))
            broken = error.message
        finding, _ = judge_stream(self.asked, lines, broken=broken)
        return self.told("stream", finding)

    def told(self, what: str, finding: Finding) -> Probe:
        """The finding, as the result tells it."""
        said = finding.symptom.removeprefix(f"{self.asked.who} ")  # the result names its target once
        return Probe(
            target=self.asked.who, what=what, status=finding.status, said=said, id=finding.id,
            cause=finding.cause, fix=finding.fix, evidence=tuple(str(each) for each in finding.evidence),
        )  # fmt: skip

    def skipped(self, what: str, because: str) -> Probe:
        """What was not asked."""
        return Probe(target=self.asked.who, what=what, status="skip", said=because)

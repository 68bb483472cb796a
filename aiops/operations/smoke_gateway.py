"""The smoke through LiteLLM: a key of this run's own, one call for each alias whose backend is up, and no key left."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from aiops.clients.endpoint import Endpoint, Reply
from aiops.collect import gather
from aiops.errors import AiopsError, NoAnswer
from aiops.judge.alias import Alias, Backend, aliases, backend_of
from aiops.judge.answers.minted import judge_deleted, judge_listed, judge_minted, minted_key
from aiops.judge.answers.question import chat_body
from aiops.judge.answers.reply import Asked
from aiops.judge.answers.silence import judge_keyless, judge_no_pod, judge_silence
from aiops.judge.answers.tool_call import judge_tool_call
from aiops.judge.finding import Finding
from aiops.operations import paying
from aiops.operations.asking import CHAT, PATHS, Talk
from aiops.operations.gateway import Gateway, find_gateway
from aiops.operations.pods import node_of, ready_pods
from aiops.operations.smoke_model import JUDGES, body_for
from aiops.progress.events import Said
from aiops.progress.results import Probe
from aiops.session import Session
from aiops.snapshot import Json

BUDGET, DURATION = 0.05, "10m"
"""What the key of a smoke may spend, and when it ends by itself: after a signal nobody deletes it."""


def smoke_gateway(session: Session, layers: Sequence[str], *, tools: bool) -> tuple[Probe, ...]:
    """Every request and its verdict; what was not called is named with its because."""
    gateway = find_gateway(session, layers)
    pods, cause = ready_pods(session.kube, gateway.deployment)
    pod = pods[0]["metadata"]["name"] if pods else ""
    smoke = GatewaySmoke(session, gateway, pod, tools=tools)
    if not pods:
        replicas = int(gateway.deployment["spec"].get("replicas", 1))
        return (smoke.talk.told("pod", judge_no_pod(smoke.talk.asked, replicas, cause)),)
    return tuple(smoke.probes())


class GatewaySmoke:
    """One smoke."""

    def __init__(self, session: Session, gateway: Gateway, pod: str, *, tools: bool) -> None:
        self.session, self.gateway, self.tools = session, gateway, tools
        self.endpoint = Endpoint(session.kube, gateway.deployment["metadata"]["namespace"], pod, gateway.port)
        self.talk = self._talk("")

    def probes(self) -> Iterator[Probe]:
        """Closed without a key; its aliases; a key; one call each; the key away."""
        yield self.talk.probe("without a key", CHAT, chat_body("any"), judge_keyless, None)
        reply, silence = self._manage("GET", "/model/info")
        if reply is None:
            yield self.talk.told("aliases", silence)
            return
        found = aliases(reply.body) if reply.status == 200 else ()
        listed = self.talk.told("aliases", judge_listed(self.talk.asked, reply, len(found)))
        yield listed
        if listed.status == "fail":
            return
        chosen = [(alias, backend_of(alias, self.gateway.deployments, self.gateway.services)) for alias in found]
        yield from (
            self.talk.skipped(alias.name, f"not called: {backend.because}")
            for alias, backend in chosen
            if backend.because
        )
        yield from self._call([(alias, backend) for alias, backend in chosen if not backend.because])

    def _call(self, up: Sequence[tuple[Alias, Backend]]) -> Iterator[Probe]:
        if not up:
            symptom, fix = "no alias has a backend that is up, so nothing was called", "aiops vllm-up"
            yield self.talk.told("aliases", Finding(status="fail", id="smoke.nothing-called", symptom=symptom, fix=fix))
            return
        for _, backend in up:
            self._keep_paying(backend)
        key, minted = self._mint([alias.name for alias, _ in up])
        yield minted
        if not key:
            yield from (self.talk.skipped(alias.name, "not called: no key could be minted") for alias, _ in up)
            return
        try:  # not `finally`: after Ctrl-C nothing is written, and the key's short life ends it
            answers = self._ask_all(up, key)
        except Exception:
            with suppress(AiopsError):  # the first error is the one to tell
                self._delete(key)
            raise
        yield from answers
        yield self._delete(key)

    def _ask_all(self, up: Sequence[tuple[Alias, Backend]], key: str) -> list[Probe]:
        """Side by side; the probes in the order of the aliases."""
        answers, failures = gather({alias.name: partial(self._ask, alias, backend, key) for alias, backend in up})
        for error in failures.values():
            raise error
        return [probe for alias, _ in up for probe in answers[alias.name]]

    def _ask(self, alias: Alias, backend: Backend, key: str) -> tuple[Probe, ...]:
        kind = alias.mode or (backend.model.endpoint if backend.model else "chat")
        talk = self._talk(alias.name)
        probe = talk.probe(f"{alias.name}: {kind}", PATHS[kind], body_for(kind, alias.name), JUDGES[kind], key)
        if not self.tools or kind != "chat" or probe.status == "fail":
            return (probe,)
        body = chat_body(alias.name, tools=True)
        call = talk.probe(f"{alias.name}: tool call", CHAT, body, judge_tool_call, key)
        if call.status == "fail" or backend.model is None or not backend.model.tools:
            return (probe, call)
        return (probe, call, talk.auto(f"{alias.name}: auto tool call", key))

    def _keep_paying(self, backend: Backend) -> None:
        if backend.model is None or not backend.model.gpus or backend.deployment is None:
            return
        name = f"Deployment {backend.model.namespace}/{backend.model.name}"
        if name not in self.session.paying:
            pods, _ = ready_pods(self.session.kube, backend.deployment)
            node = node_of(self.session.kube, pods[0]) if pods else None
            paying.keep(self.session, name, node, "aiops vllm-down --all")

    def _mint(self, names: list[str]) -> tuple[str, Probe]:
        body: Json = {
            "key_alias": f"aiops-smoke-{self.session.run}",
            "max_budget": BUDGET,
            "duration": DURATION,
            "models": names,
        }
        reply, silence = self._manage("POST", "/key/generate", body)
        if reply is None:
            return "", self.talk.told("key", silence)
        finding = judge_minted(self.talk.asked, reply)
        key = minted_key(reply) if finding.status == "ok" else ""
        if key:
            self.session.report(Said(text=f"a key for this run: budget {BUDGET:g}, ends by itself after {DURATION}"))
        return key, self.talk.told("key", finding)

    def _delete(self, key: str) -> Probe:
        reply, silence = self._manage("POST", "/key/delete", {"keys": [key]})
        finding = silence if reply is None else judge_deleted(self.talk.asked, reply)
        return self.talk.told("key deleted", finding)

    def _manage(self, method: str, path: str, body: Json | None = None) -> tuple[Reply | None, Finding]:
        """An answer to the master key, or what its silence means."""
        timeout_s = self.session.config.aiops.timeouts.answer
        try:
            reply = self.endpoint.ask(method, path, body, key=self.gateway.master_key, timeout_s=timeout_s)
        except NoAnswer as error:
            return None, judge_silence(self.talk.asked, error.kind, error.message)
        return reply, Finding(status="ok", symptom="answered")

    def _talk(self, alias: str) -> Talk:
        asked = Asked(who=str(self.gateway), model=alias, gateway=True)
        return Talk(asked, self.endpoint, self.session.config.aiops.timeouts.answer)

"""The smoke of one model by its own server: closed without its key, and an answer worth the name with it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from aiops.clients.endpoint import Endpoint
from aiops.judge.answers.chat import judge_chat, judge_completion
from aiops.judge.answers.embedding import judge_embedding
from aiops.judge.answers.question import chat_body, completion_body, embedding_body
from aiops.judge.answers.reply import Asked
from aiops.judge.answers.silence import judge_keyless, judge_no_pod
from aiops.judge.answers.tool_call import judge_tool_call
from aiops.judge.model import Endpoint as Kind
from aiops.judge.model import Model
from aiops.operations import paying
from aiops.operations.asking import CHAT, PATHS, Judge, Talk, secret_key
from aiops.operations.models import Found
from aiops.operations.pods import node_of, ready_pods
from aiops.progress.results import Probe
from aiops.session import Session
from aiops.snapshot import Json

JUDGES: Mapping[Kind, Judge] = {"chat": judge_chat, "completions": judge_completion, "embeddings": judge_embedding}


def body_for(kind: Kind, model: str) -> Json:
    """The request that fits a model."""
    return {"chat": chat_body, "completions": completion_body, "embeddings": embedding_body}[kind](model)


def smoke_model(session: Session, found: Found, *, tools: bool) -> tuple[Probe, ...]:
    """Every request and its verdict. Never wakes a GPU: a model at 0 is a finding."""
    model, who = found.model, str(found)
    asked = Asked(who=who, model=model.served, gateway=False)
    pods, cause = ready_pods(session.kube, found.deployment)
    timeout_s = session.config.aiops.timeouts.answer
    pod = pods[0]["metadata"]["name"] if pods else ""
    talk = Talk(asked, Endpoint(session.kube, model.namespace, pod, model.port), timeout_s)
    if model.gpus and model.replicas:
        node = node_of(session.kube, pods[0]) if pods else None
        paying.keep(session, who, node, f"aiops vllm-down {found.name}")
    if not pods:
        finding = judge_no_pod(asked, model.replicas, cause)
        if not model.replicas:  # the command takes the application's name
            finding = replace(finding, fix=f"aiops vllm-up {found.name}")
        return (talk.told("pod", finding),)
    return tuple(_ask(talk, model, secret_key(session, model), tools=tools))


def _ask(talk: Talk, served: Model, key: str | None, *, tools: bool) -> Iterator[Probe]:
    kind, model = served.endpoint, talk.asked.model
    yield talk.probe("without a key", PATHS[kind], body_for(kind, model), judge_keyless, None)
    answer = talk.probe(kind, PATHS[kind], body_for(kind, model), JUDGES[kind], key)
    yield answer
    calls = ["tool call", *(["auto tool call"] if served.tools else [])]
    further = [*(["stream"] if kind == "chat" else []), *(calls if tools else [])]
    for what in further:
        if answer.status == "fail":
            yield talk.skipped(what, f"not asked, because {answer.what} failed")
        elif kind != "chat":
            yield talk.skipped(what, f"not asked, because it serves {kind}")
        elif what == "stream":
            yield talk.stream(key)
        elif what == "tool call":
            answer = talk.probe(what, CHAT, chat_body(model, tools=True), judge_tool_call, key)
            yield answer
        else:
            yield talk.auto(what, key)

"""What no answer means, and what an answer without a key means: both are about the door, not about the model."""

from collections.abc import Mapping
from typing import Literal

from aiops.judge.answers.advice import Advice
from aiops.judge.answers.refusal import judge_refusal, of_backend
from aiops.judge.answers.reply import Asked, Reply, is_html, verdict
from aiops.judge.answers.said import clean, said
from aiops.judge.finding import Finding

Silence = Literal["refused", "late", "broken"]
"""No connection; no answer in time; a connection that ended before the answer did."""
_SILENT: Mapping[Silence, tuple[str, str, Advice]] = {
    "refused": ("refused", "refuses the connection", Advice("nothing listens at its port", "{logs}")),
    "late": ("timeout", "did not answer in time", Advice("it is overloaded, or still loading, or hangs", "{logs}")),
    "broken": ("broken", "ended the connection before it answered", Advice("it ended, or a proxy cut it", "{logs}")),
}


def judge_silence(asked: Asked, kind: Silence, message: str) -> Finding:
    """No answer; `message` is the network's own."""
    slug, what, advice = _SILENT[kind]
    fix = advice.fix.format(logs=asked.logs)
    return verdict(asked, "fail", slug, what, cause=advice.cause, fix=fix, words=clean(message), source="connection")


def judge_no_pod(asked: Asked, replicas: int, cause: str) -> Finding:
    """Nobody to ask. It is for the operator to wake a GPU, never for a smoke."""
    if replicas > 0:
        return verdict(
            asked,
            "fail",
            "no-pod",
            f"has no ready pod of {replicas}",
            cause=cause,
            fix="aiops doctor",
            words=clean(cause),
        )
    fix = f"Set the replicas of {asked.who}." if asked.gateway else f"aiops vllm-up {asked.name}"
    return verdict(asked, "fail", "no-pod", "is switched off", cause=cause or "its replicas are 0", fix=fix, hope="no")


def judge_keyless(asked: Asked, reply: Reply) -> Finding:
    """The same request without a key: good only where it is refused for that."""
    if reply.status in (401, 403) and not is_html(reply) and not of_backend(asked, said(reply.body)):
        return verdict(asked, "ok", "closed", f"refuses a request without a key ({reply.status})")
    if reply.status != 200 or is_html(reply):
        return judge_refusal(asked, reply)
    if asked.gateway:
        advice = Advice("no master key is set", "Set general_settings.master_key in LiteLLM's config from its Secret.")
    else:
        advice = Advice("VLLM_API_KEY is not set", f"Set VLLM_API_KEY on {asked.who} from its Secret.")
    symptom = "answers without a key (200)"
    return verdict(asked, "fail", "open", symptom, cause=advice.cause, fix=advice.fix, hope="no")

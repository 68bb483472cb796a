"""The answers of LiteLLM's management: its list of models, a key that was minted, a key that was deleted."""

from dataclasses import replace

from aiops.judge.answers.refusal import judge_refusal
from aiops.judge.answers.reply import Asked, Reply, verdict
from aiops.judge.answers.said import json_of
from aiops.judge.finding import Finding
from aiops.snapshot import Json


def judge_listed(asked: Asked, reply: Reply, count: int) -> Finding:
    """GET /model/info with the master key; `count`: how many aliases were read from it."""
    if _answer(reply) is None:
        return judge_refusal(asked, reply)
    if not count:
        return verdict(
            asked, "fail", "no-alias", "lists no model",
            cause="its model_list is empty, or has only wildcards",
            fix="Write model_list into its config, then restart it.",
        )  # fmt: skip
    return verdict(asked, "ok", "listed", f"{count} alias{'es' if count > 1 else ''} configured")


def judge_minted(asked: Asked, reply: Reply) -> Finding:
    """POST /key/generate with the master key."""
    if _answer(reply) is None:
        return judge_refusal(asked, reply)
    if not minted_key(reply):
        what = "minted a key and did not give it"
        return verdict(asked, "fail", "no-key", what, cause="no `key` in the answer", fix=asked.logs)
    return verdict(asked, "ok", "minted", "minted a key for this run, with a budget and an end")


def minted_key(reply: Reply) -> str:
    """The key in an answer to /key/generate; empty where there is none."""
    key = (_answer(reply) or {}).get("key")
    return key if isinstance(key, str) else ""


def judge_deleted(asked: Asked, reply: Reply) -> Finding:
    """POST /key/delete with the master key."""
    if (_answer(reply) or {}).get("deleted_keys"):
        return verdict(asked, "ok", "deleted", "the run's key is deleted")
    finding = judge_refusal(asked, reply)
    return replace(
        finding, status="warn", id="smoke.key-left", symptom=f"the run's key was not deleted: {finding.symptom}",
        cause="it has a small budget and ends by itself",
    )  # fmt: skip


def _answer(reply: Reply) -> Json | None:
    """The JSON of a success; None where it is none."""
    return json_of(reply.body) if reply.status == 200 else None

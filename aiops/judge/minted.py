"""The answers of LiteLLM's management: its list of models, a key that was minted, a key that was deleted."""

from aiops.judge.finding import Finding
from aiops.judge.refusal import judge_refusal
from aiops.judge.reply import Asked, Reply, is_html, verdict
from aiops.judge.said import json_of


def judge_listed(asked: Asked, reply: Reply, count: int) -> Finding:
    """GET /model/info with the master key; `count`: how many aliases were read from it."""
    if reply.status != 200 or is_html(reply):
        return judge_refusal(asked, reply)
    if not count:
        return verdict(asked, "fail", "no-alias", "lists no model", cause="its model_list is empty",
                       fix="Write model_list into its config, then restart it.")  # fmt: skip
    return verdict(asked, "ok", "listed", f"{count} alias{'es' if count > 1 else ''} configured")


def judge_minted(asked: Asked, reply: Reply) -> Finding:
    """POST /key/generate with the master key."""
    if reply.status != 200 or is_html(reply):
        return judge_refusal(asked, reply)
    if not minted_key(reply):
        return verdict(asked, "fail", "no-key", "minted a key and did not give it", words="no `key` in the answer")
    return verdict(asked, "ok", "minted", "minted a key for this run, with a budget and an end")


def minted_key(reply: Reply) -> str:
    """The key in an answer to /key/generate; empty where there is none."""
    key = (json_of(reply.body) or {}).get("key")
    return key if isinstance(key, str) else ""


def judge_deleted(asked: Asked, reply: Reply) -> Finding:
    """POST /key/delete with the master key."""
    deleted = (json_of(reply.body) or {}).get("deleted_keys")
    if reply.status == 200 and deleted:
        return verdict(asked, "ok", "deleted", "the run's key is deleted")
    finding = judge_refusal(asked, reply)
    return Finding(
        status="warn", id="smoke.key-left", about=finding.about,
        symptom=f"the run's key was not deleted: {finding.symptom}",
        cause="it has a small budget and ends by itself", fix=finding.fix, evidence=finding.evidence,
    )  # fmt: skip

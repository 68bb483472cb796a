"""Why a server refuses: by what its error says, and only where that says nothing by its status.

LiteLLM's status codes change from version to version (an exceeded budget was 400, 429 and 422), and a wrong key is a
400 where it has no database; vLLM's error is a bare string at 401 and an object elsewhere.
"""

import re
from collections.abc import Mapping

from aiops.judge.answers.advice import RULES
from aiops.judge.answers.reply import Asked, Reply, is_html, verdict
from aiops.judge.answers.said import Said, said
from aiops.judge.finding import Finding

_TYPES: Mapping[str, str] = {
    "budget_exceeded": "budget",
    "no_db_connection": "no-database",
    "token_not_found_in_db": "unauthorized",
    "expired_key": "unauthorized",
    "throttling_error": "throttled",
}
"""LiteLLM's error.type, whatever the status."""
_DENIED = "_model_access_denied"
"""The end of error.type where the key, its team or its user may not use the model; it was a 401 once."""
_GATEWAY: Mapping[str, str] = {
    "Cannot connect to host": "backend-down",
    "Connection error": "backend-down",
    "No deployments available": "unavailable",
    "No healthy deployment": "unavailable",
    "Invalid model name": "model-unknown",
    "No connected db": "no-database",
    "DB not connected": "no-database",
    "Not connected to DB": "no-database",
}
"""Words of LiteLLM. All of a model's backends cooling down after errors is a 429 too, and no rate limit."""
_TOOLS = ("tool choice requires", "requires --tool-call-parser")
_STATUSES: Mapping[int, str] = {
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "not-found",
    408: "timeout",
    429: "throttled",
    503: "unavailable",
    504: "timeout",
}
_NO_MODEL = re.compile(r"\bmodel\b.{0,100}(does not exist|not found)", re.IGNORECASE)
"""Not the word alone: LiteLLM ends every message with `Received Model Group=...`, or `LiteLLM: model group ...`."""
_ALIASES = re.compile(r"Valid aliases: (.+?)\.?(?: LiteLLM: .*| Received Model Group=.*)?$")


def judge_refusal(asked: Asked, reply: Reply) -> Finding:
    """Any answer that is not a 200 with JSON."""
    if 300 <= reply.status < 400:
        return _finding(asked, "redirected", reply.status, Said())
    if is_html(reply) and reply.status < 500:
        return _finding(asked, "html", reply.status, Said())
    return refused(asked, reply.status, said(reply.body), reply.retry_after)


def refused(asked: Asked, status: int, words: Said, retry_after: str = "") -> Finding:
    """The finding for an error, be it of an answer or of a chunk in the midst of a stream."""
    return _finding(asked, _slug(asked, status, words), status, words, retry_after)


def of_backend(asked: Asked, words: Said) -> bool:
    """LiteLLM repeats what the model behind it answered: the caller has passed LiteLLM itself."""
    return asked.gateway and words.message.startswith("litellm.")


def _slug(asked: Asked, status: int, words: Said) -> str:
    if any(sign in words.message for sign in _TOOLS):
        return "no-tool-parser"
    if asked.gateway:
        if words.message.startswith("litellm.AuthenticationError"):
            return "backend-key"
        for sign, slug in _GATEWAY.items():
            if sign in words.message:
                return slug
    if words.kind in _TYPES:
        return _TYPES[words.kind]
    if words.kind.endswith(_DENIED):
        return "forbidden"
    if status in (400, 404) and _NO_MODEL.search(words.message):
        return "model-unknown"
    return _STATUSES.get(status) or _by_class(status)


def _by_class(status: int) -> str:
    if status >= 500:
        return "server-error"
    return "bad-request" if status >= 400 else "not-an-answer"


def _finding(asked: Asked, slug: str, status: int, words: Said, retry_after: str = "") -> Finding:
    rule = RULES[slug]
    advice = rule.gateway if asked.gateway and rule.gateway else rule.direct
    if rule.behind and of_backend(asked, words):
        advice = rule.behind
    served = _ALIASES.search(words.message)
    facts = {
        "who": asked.who,
        "name": asked.name,
        "model": asked.model,
        "restart": asked.restart,
        "logs": asked.logs,
        "kind": f" ({words.kind})" if words.kind else "",
        "served": served[1] if served else "other names",
        "later": _later(retry_after),
    }
    return verdict(
        asked,
        "fail",
        slug,
        f"{rule.what.format(**facts)} ({status})",
        cause=advice.cause.format(**facts),
        fix=advice.fix.format(**facts),
        words=words.message,
        source=f"answer {status}",
        hope=rule.hope,
    )


def _later(retry_after: str) -> str:
    """Retry-After is a number of seconds or a date (RFC 9110)."""
    if retry_after.isdecimal():
        return f"in {retry_after} s"
    return f"after {retry_after}" if retry_after else "in a minute"

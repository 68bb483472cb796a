"""Whether a model calls a tool when it must, and whether a call arrives as one when it may."""

import json
import re
from collections.abc import Sequence
from typing import NoReturn

from aiops.judge.answers.chat import answer, first_choice, measured, part
from aiops.judge.answers.question import TOOL
from aiops.judge.answers.reply import Asked, Reply, verdict
from aiops.judge.answers.said import clean, printable, quoted
from aiops.judge.finding import Finding
from aiops.snapshot import Json

_FIX = "Check that --tool-call-parser fits the model, and that the model was trained for tools."
_IN_TEXT = re.compile(rf'<tools>|<tool_call>|\{{[^{{}}]*"{TOOL}"')
"""A call that nobody has taken out of the text: in tags, or JSON that names the tool."""


def judge_tool_call(asked: Asked, reply: Reply) -> Finding:
    """An answer to `tool_choice: required` calls `TOOL`, and its arguments are a JSON object.

    finish_reason does not tell: it is `stop` at a named tool, and `tool_calls` behind LiteLLM.
    """
    found = answer(asked, reply, "choices")
    if isinstance(found, Finding):
        return found
    choice = first_choice(found)
    calls = _calls(part(choice, "message"))
    ours = [arguments for name, arguments in calls if name == TOOL]
    if not ours:
        return _no_call(asked, [name for name, _ in calls], choice.get("finish_reason"))
    if _arguments(ours[0]) is None:
        shown = quoted(ours[0] if isinstance(ours[0], str) else json.dumps(ours[0]))
        symptom = f"calls {TOOL} with arguments that are no JSON object: {shown}"
        return verdict(asked, "fail", "bad-arguments", symptom, fix=_FIX, hope="no")
    return measured(asked, reply, found, "tool-call", f"{TOOL}({printable(str(ours[0]))[:40]})")


def judge_auto(asked: Asked, replies: Sequence[Reply]) -> Finding:
    """Answers to `tool_choice: auto`: a call that stays in the text reaches no client. None at all is no fault."""
    called, texts = 0, []
    for reply in replies:
        found = answer(asked, reply, "choices")
        if isinstance(found, Finding):
            return found
        choice = first_choice(found)
        message = part(choice, "message")
        calls, content = _calls(message), message.get("content")
        called += any(name == TOOL for name, _ in calls)
        whole = choice.get("finish_reason") != "length"  # no parser reads half a call
        if whole and not calls and isinstance(content, str) and _IN_TEXT.search(content):
            texts.append(content)
    if len(texts) * 2 > len(replies):
        return _in_text(asked, texts, len(replies))
    free = f", and has one in the text in {len(texts)}" if texts else ", and may do without"
    symptom = f"calls {TOOL} in {called} of {len(replies)} answers to tool_choice auto"
    return verdict(asked, "ok", "auto-tool-call", symptom if called == len(replies) else symptom + free)


def _in_text(asked: Asked, texts: Sequence[str], answers: int) -> Finding:
    symptom = f"leaves tool calls in the text in {len(texts)} of {answers} answers to tool_choice auto"
    cause = (
        "--tool-call-parser does not read the form in which the model writes a call: clients with auto, which is the "
        "default, get no tool calls; tool_choice required works"
    )
    fix = (
        "Set --chat-template or --tool-call-parser to one that fits the model, or have clients ask with tool_choice "
        "required: `aiops runbook tool-calls-parsed`"
    )
    words = clean(texts[0])
    return verdict(asked, "warn", "tool-call-in-text", symptom, cause=cause, fix=fix, words=words, hope="no")


def _no_call(asked: Asked, others: list[str], end: object) -> Finding:
    instead = f"calls {printable(', '.join(others))[:40]}" if others else "calls no tool"
    symptom = f"{instead}, though {TOOL} was required (finish_reason {json.dumps(end)})"
    cause = "it ran out of max_tokens before a call" if end == "length" else "tool_choice was not heeded"
    return verdict(asked, "fail", "no-tool-call", symptom, cause=cause, fix=_FIX, hope="no")


def _calls(message: Json) -> list[tuple[str, object]]:
    """Name and arguments of each call."""
    calls = message.get("tool_calls")
    functions = [part(each, "function") for each in calls if isinstance(each, dict)] if isinstance(calls, list) else []
    return [(str(each.get("name") or "nothing"), each.get("arguments")) for each in functions]


def _arguments(text: object) -> Json | None:
    """They are JSON as text. JSON knows neither NaN nor Infinity, and Python's reader does."""
    try:
        found = json.loads(text, parse_constant=_refuse) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)

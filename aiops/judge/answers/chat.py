"""Whether a 200 is an answer: generated text, by the model that was asked for, with its tokens counted.

The platform's old smoke passed on a content of null, as the word `None`, and on blanks.
"""

from aiops.judge.answers.refusal import judge_refusal
from aiops.judge.answers.reply import Asked, Reply, is_html, verdict
from aiops.judge.answers.said import json_of, quoted
from aiops.judge.finding import Finding
from aiops.snapshot import Json


def judge_chat(asked: Asked, reply: Reply) -> Finding:
    """An answer of POST /v1/chat/completions is text."""
    found = answer(asked, reply, "choices")
    if isinstance(found, Finding):
        return found
    choice = first_choice(found)
    message = part(choice, "message")
    content, end = message.get("content"), str(choice.get("finish_reason") or "")
    bad = judge_text(asked, content, thought_of(message), end)
    return bad or measured(asked, reply, found, "chat", quoted(str(content)))


def judge_completion(asked: Asked, reply: Reply) -> Finding:
    """An answer of POST /v1/completions is text."""
    found = answer(asked, reply, "choices")
    if isinstance(found, Finding):
        return found
    text = first_choice(found).get("text")
    return judge_text(asked, text) or measured(asked, reply, found, "completion", quoted(str(text)))


def judge_text(asked: Asked, content: object, thought: str = "", end: str = "") -> Finding | None:
    """What is wrong with a generated text, if anything. `thought`: what a reasoning model wrote beside it."""
    if isinstance(content, str) and content.strip():
        return None
    if thought.strip() and end == "length":
        symptom = f"has only thought, and not come to an answer: {quoted(thought)}"
        cause = "max_tokens cut a reasoning model short; that it generates is proven"
        return verdict(asked, "warn", "only-thought", symptom, cause=cause, fix="Ask it for more tokens.")
    if not isinstance(content, str):
        kind = "null" if content is None else type(content).__name__
        return verdict(asked, "fail", "null", f"answers 200 and no text: content is {kind}", fix=asked.logs)
    symptom = f"answers 200 and a blank text of {len(content)} characters"
    cause = "weights that did not load as they should, or a chat template that does not fit the model"
    return verdict(asked, "fail", "blank", symptom, cause=cause, fix=asked.logs)


def judge_model(asked: Asked, named: object) -> Finding | None:
    """A server that is asked directly answers by the name it was asked for; LiteLLM by its alias, or the backend's."""
    if asked.gateway or named == asked.model:
        return None
    symptom = f"answers as {quoted(named) if isinstance(named, str) else 'no model'}, not as {asked.model}"
    cause = "something else listens there, or it serves the model under several names"
    fix = f"Set aiops.models.{asked.name}.name in config.yaml to the first name of --served-model-name."
    return verdict(asked, "fail", "wrong-model", symptom, cause=cause, fix=fix, hope="no")


def measured(asked: Asked, reply: Reply, found: Json, slug: str, content: str, *, generates: bool = True) -> Finding:
    """The verdict on an answer whose content is good: its model, its count of tokens, its time."""
    if wrong := judge_model(asked, found.get("model")):
        return wrong
    read, made = (counted(found.get("usage"), field) for field in ("prompt_tokens", "completion_tokens"))
    line = f"{reply.status} in {reply.seconds:.1f} s: {content}"
    if not read or (generates and not made):
        return uncounted(asked, line)
    return verdict(asked, "ok", slug, f"answers {line}, {f'{read} + {made}' if generates else read} tokens")


def uncounted(asked: Asked, line: str) -> Finding:
    """It answers, and nobody learns how much it worked."""
    symptom = f"answers without counting its tokens: {line}"
    cause = "usage is missing or zero: LiteLLM cannot charge what is not counted, so no budget ever ends"
    return verdict(asked, "warn", "uncounted", symptom, cause=cause, fix=asked.logs, hope="no")


def counted(usage: object, field: str) -> int:
    """A number of tokens, 0 where it is not given."""
    number = usage.get(field) if isinstance(usage, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else 0


def answer(asked: Asked, reply: Reply, key: str) -> Json | Finding:
    """The body of a 200 that has something in the list which every answer of its kind has; else why it is none."""
    found = json_of(reply.body)
    if reply.status != 200 or is_html(reply) or found is None:
        return judge_refusal(asked, reply)
    return found if isinstance(found.get(key), list) and found[key] else judge_refusal(asked, reply)


def first_choice(found: Json) -> Json:
    """The first of an answer's choices, which are not empty."""
    first = found["choices"][0]
    return first if isinstance(first, dict) else {}


def part(body: Json, key: str) -> Json:
    """An object inside an object; empty where it is null, missing, or none."""
    found = body.get(key)
    return found if isinstance(found, dict) else {}


def thought_of(message: Json) -> str:
    """What a reasoning parser took out of the text; vLLM has renamed the field."""
    return str(message.get("reasoning") or message.get("reasoning_content") or "")

"""Go templates, as far as ApplicationSets use them: fields of the parameters, as in `group-{{.name}}`."""

import re

from aiops.lab.api.kinds import Json, Value

ACTION = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}")
FIELD = re.compile(r"(?:\.\w+)+")


class Unrenderable(Exception):
    """Why a template cannot be filled in, as Argo CD's template engine says it."""


def filled(template: Value, params: Json, *, strict: bool) -> Value:
    """A template with all its texts filled in; `strict`: a key that is not there is an error (missingkey=error)."""
    if isinstance(template, dict):
        return {_text(key, params, strict): filled(value, params, strict=strict) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, params, strict=strict) for value in template]
    return _text(template, params, strict) if isinstance(template, str) else template


def _text(text: str, params: Json, strict: bool) -> str:
    def value(action: re.Match[str]) -> str:
        word, at = action[1], action.start(1)
        if not FIELD.fullmatch(word):
            function = re.split(r"[\s|]+", word)[-1]
            raise Unrenderable(f'failed to parse template {text}: template: base:1: function "{function}" not defined')
        found: Value = params
        for key in word[1:].split("."):
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif strict:
                why = f'executing "base" at <{word}>: map has no entry for key "{key}"'
                raise Unrenderable(f"failed to execute go template {text}: template: base:1:{at}: {why}")
            else:
                return "<no value>"
        return str(found).lower() if isinstance(found, bool) else str(found)

    return ACTION.sub(value, text)

"""The words of a server's refusal: one printable line, without the keys that LiteLLM likes to quote."""

import json
import re
from dataclasses import dataclass

from aiops.judge.text import one_line
from aiops.snapshot import Json

_SECRETS = re.compile(
    r"\bsk-[^\s,;)'\"]+|\b[0-9a-f]{64}\b|(?<=Received=)[^\s,]+|(?<=API Key = )[^\s,]+|(?<=Bearer )\S+|(?<=://)\S+(?=@)"
)
"""Keys, their hashes, and passwords in addresses. BerriAI/litellm#40217: a refusal names the key that was tried."""
_TITLE = re.compile(r"<title>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Said:
    """What a refusal says."""

    message: str = ""
    """On one line, at most 300 characters, keys masked. error.param is left out: it has held whole keys."""
    kind: str = ""
    """error.type."""
    code: int = 0
    """error.code, which is a number, a number as text, or a word; 0 where it is no HTTP status."""


def said(body: bytes) -> Said:
    """What a body says is wrong, in any of the shapes of vLLM, LiteLLM, TEI and their frameworks."""
    found = json_of(body)
    if found is not None:
        return said_in(found)
    text = body.decode(errors="replace").strip()
    if text.startswith("<"):
        title = _TITLE.search(text)
        return Said(clean(title[1]) if title else "")
    return Said(clean(text.strip('"')))


def said_in(found: Json) -> Said:
    """`said` of a body that is read already, or of one chunk of a stream."""
    error = found.get("error")
    if not isinstance(error, dict):
        return Said(clean(_text(error or found.get("detail") or found.get("message") or "")))
    digits = str(error.get("code") or "")
    code = int(digits) if digits.isdecimal() and len(digits) == 3 else 0
    return Said(clean(_text(error.get("message") or "")), str(error.get("type") or ""), code)


def json_of(body: bytes) -> Json | None:
    """The body as a JSON object, None where it is none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def clean(text: str) -> str:
    """The words on one printable line, without what looks like a key."""
    return one_line(_SECRETS.sub("***", printable(text)))


def quoted(text: str, limit: int = 40) -> str:
    """The start of a generated text, printable, in quotation marks."""
    line = " ".join(printable(text).split())
    return f'"{line}"' if len(line) <= limit else f'"{line[: limit - 3]}..."'


def printable(text: str) -> str:
    """The text with a space for each control character."""
    return "".join(each if each.isprintable() else " " for each in text)


def _text(value: object) -> str:
    """FastAPI's `detail` may be a text, an object or a list of objects."""
    return value if isinstance(value, str) else json.dumps(value)

"""Secrets in what programs print."""

import re

_HIDDEN = "***"
_NAMED = "(?:api[-_]?key|token|secret|password)"
_SIGNS = (
    (re.compile(r"\b(hf_|sk-)[\w-]{4,}"), rf"\g<1>{_HIDDEN}"),
    (re.compile(r"\b(Bearer|Basic)\s+\S+", re.IGNORECASE), rf"\g<1> {_HIDDEN}"),
    (re.compile(r"://[^\s/@]*@"), f"://{_HIDDEN}@"),
    # a signed URL is a key to what it points to
    (re.compile(r"(https?://[^\s?'\"]+\?)[^\s'\"]+"), rf"\g<1>{_HIDDEN}"),
    (re.compile(rf"({_NAMED}['\"]?\s*[=:]\s*['\"]?)[^\s'\",]+", re.IGNORECASE), rf"\g<1>{_HIDDEN}"),
    (re.compile(rf"(-[\w-]*{_NAMED}\s+)[^\s-]\S*", re.IGNORECASE), rf"\g<1>{_HIDDEN}"),
)


def masked(text: str) -> str:
    """The text without tokens, credentials in URLs, and the values of what is named like a secret."""
    for sign, instead in _SIGNS:
        text = sign.sub(instead, text)
    return text

"""What of a text must not be seen: logins and tokens of URLs, and the values that helm was called with."""

import re

_LOGIN = re.compile(r"://\S*@")
_TOKEN = re.compile(r"(?i)([?&](?:[\w-]*(?:token|signature|secret|password|key|sig))=)[^&\s\"'`]+")
_HELM = re.compile(r"(--set(?:-string|-json|-file|-literal)?[= ])('[^']*'|\"(?:\\.|[^\"\\])*\"|[^\s`]+)")
"""Argo CD puts the whole command into a ComparisonError (argo-cd #21571)."""


def masked(text: str) -> str:
    """The text with `***` in their place."""
    if "://" in text:
        text = _LOGIN.sub("://***@", text)
    if "=" in text:
        text = _TOKEN.sub(r"\1***", text)
    return _HELM.sub(r"\1***", text) if "--set" in text else text

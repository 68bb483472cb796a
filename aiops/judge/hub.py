"""Hugging Face's hub, as a container meets it: what is an id there, whether it may go there, and where it keeps it."""

import posixpath
import re

from aiops.gitops.workloads import Container

OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
"""Variables that keep a process from the hub: huggingface_hub's, and that of transformers."""
CACHES = ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME")
"""Variables that say where it keeps what it fetches (huggingface_hub constants.py)."""
_TRUE = ("1", "true", "yes", "on")
_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
"""As `Qwen/Qwen2.5-0.5B-Instruct`: it starts like no path and holds one slash."""


def is_hub_id(text: str) -> bool:
    """It names a model of the hub, and no path or URL."""
    return bool(_ID.fullmatch(text))


def is_on(value: object) -> bool:
    """A variable's value means yes, as huggingface_hub reads it."""
    return str(value).strip().lower() in _TRUE


def is_offline(container: Container, *variables: str) -> bool:
    """Every one of the variables keeps it from the hub. One whose value comes from elsewhere counts as on."""
    return all(_is_on(container, name) for name in variables or OFFLINE)


def missing_offline(container: Container) -> tuple[str, ...]:
    """The variables that do not keep it from the hub."""
    return tuple(name for name in OFFLINE if not _is_on(container, name))


def hub_cache(container: Container) -> str:
    """Where it keeps what it fetched; empty where that is the image's business."""
    below_of = dict(zip(CACHES, ("", "", "hub"), strict=True))
    homes = {"XDG_CACHE_HOME": "huggingface/hub", "HOME": ".cache/huggingface/hub"}
    for name, below in (*below_of.items(), *homes.items()):
        if found := container.value_of(name):
            return posixpath.normpath(posixpath.join(found, below))
    return ""


def _is_on(container: Container, name: str) -> bool:
    variable = container.env.get(name)
    return variable is not None and ("valueFrom" in variable or is_on(variable.get("value")))

"""Which paths of a server ask for a key, by what the server is."""

from aiops.gitops.parsing import items
from aiops.gitops.workloads import Container
from aiops.judge.command_line import CommandLine
from aiops.judge.model import KEY_VARIABLE
from aiops.judge.serving_images import base_of, image_of, serves_with_vllm

_MASTER = "LITELLM_MASTER_KEY"
_OPEN_OF_LITELLM = ("/health/liveliness", "/health/liveness", "/health/readiness")
"""docs.litellm.ai/docs/proxy/health: these ask for no key; /health does, and it calls every model."""
_GUARDED_OF_LITELLM = ("/health", "/v1", "/models", "/model")


def guard(container: Container, path: str) -> str:
    """Who answers a request for the path with 401 where it brings no key; empty where nobody is known to."""
    base, is_v1 = base_of(image_of(container.body)), path.startswith("/v1")
    if serves_with_vllm(container.body):  # all of /v1 (vllm/entrypoints/openai/server_utils.py)
        return "vLLM" if is_v1 and _has_key(container, KEY_VARIABLE) else ""
    if base.startswith("sglang"):
        return "SGLang" if is_v1 and _has_key(container) else ""
    if base == "tabby":  # /v1 and /v1beta (ee/tabby-webserver/src/routes/mod.rs)
        return "Tabby" if is_v1 else ""
    if base.startswith("litellm") and (_has_key(container, _MASTER) or items(container.body, "envFrom")):
        is_open = path.rstrip("/") in _OPEN_OF_LITELLM
        return "LiteLLM" if path.startswith(_GUARDED_OF_LITELLM) and not is_open else ""
    return ""


def _has_key(container: Container, variable: str = "") -> bool:
    return variable in container.env or CommandLine(container.body).has("--api-key")

"""The aliases of LiteLLM, and which workload of the cluster answers for each: asked only where that one is up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiops.gitops.parsing import items, part
from aiops.judge.answers.said import json_of
from aiops.judge.model import Endpoint, Model, model_of
from aiops.snapshot import Json

MODES: Mapping[str, Endpoint] = {"chat": "chat", "completion": "completions", "embedding": "embeddings"}
"""LiteLLM's words for what a model answers to (model_info.mode)."""


@dataclass(frozen=True)
class Alias:
    """A name that LiteLLM's clients may ask for."""

    name: str
    upstream: str
    """The model name that its backend is asked for, without LiteLLM's provider prefix."""
    host: str
    """Of its api_base; empty for a provider outside."""
    mode: Endpoint | None
    """None: LiteLLM does not say."""
    other_mode: str = ""
    """Its mode where that is one that no smoke asks for, as `rerank`."""


@dataclass(frozen=True)
class Backend:
    """Who answers for an alias."""

    deployment: Json | None
    model: Model | None
    because: str = ""
    """Why it is not asked; empty where it is up."""


def aliases(body: bytes) -> tuple[Alias, ...]:
    """The aliases in an answer to GET /model/info, each once, in LiteLLM's order."""
    found: dict[str, Alias] = {}
    for entry in items(json_of(body), "data"):
        params, name = part(entry, "litellm_params"), str(entry.get("model_name") or "")
        upstream = str(params.get("model") or "")
        host = _host(str(params.get("api_base") or ""))
        mode = said if isinstance(said := part(entry, "model_info").get("mode"), str) else ""
        other = "" if mode in MODES else mode
        found.setdefault(name, Alias(name, upstream.partition("/")[2] or upstream, host, MODES.get(mode), other))
    return tuple(each for name, each in found.items() if name and "*" not in name)


def backend_of(alias: Alias, deployments: Iterable[Json], services: Iterable[Json]) -> Backend:
    """Who answers: the workload that serves the upstream model under that name, else the one behind its api_base.

    By name first, because a gateway may stand in between; behind an api_base only what runs a model counts, for the
    same reason. Where several are likely, the one that is up, or on its way up, is the backend.
    """
    if alias.other_mode:
        return Backend(None, None, f"a smoke does not ask for {alias.other_mode}")
    models = [(body, model) for body in deployments if (model := model_of(body)).served]
    selectors = _selectors(alias.host, services)
    behind = [
        (body, model)
        for body, model in models
        if _surely_serves(model) and any(_selected(body, *selector) for selector in selectors)
    ]
    named = [each for each in models if each[1].served == alias.upstream]
    likely = [each for each in named if each in behind] or named or behind
    if not likely:
        return Backend(None, None, f"no workload of this cluster serves {alias.upstream}")
    body, model = max(likely, key=lambda each: (_ready(each[0]), each[1].replicas))
    where = f"Deployment {model.namespace}/{model.name}"
    because = "" if _ready(body) else f"{where} has no ready pod" if model.replicas else f"{where} is at 0 replicas"
    return Backend(body, model, because)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _surely_serves(model: Model) -> bool:
    """A proxy's first argument looks like a model's name too, but not like a Hugging Face id or a path of weights."""
    return bool(model.gpus) or "/" in model.served


def _ready(deployment: Json) -> int:
    return int(deployment.get("status", {}).get("readyReplicas") or 0)


def _selectors(host: str, services: Iterable[Json]) -> list[tuple[str, Mapping[str, str]]]:
    """(namespace, selector) of the Service that a host inside the cluster names: `name.namespace[.svc...]`."""
    name, _, rest = host.partition(".")
    namespace, _, domain = rest.partition(".")
    return [
        (namespace, selector)
        for body in services
        if (body["metadata"]["name"], body["metadata"]["namespace"]) == (name, namespace)
        and domain.partition(".")[0] in ("", "svc")
        and (selector := part(body, "spec").get("selector"))
    ]


def _selected(deployment: Json, namespace: str, selector: Mapping[str, str]) -> bool:
    labels = part(deployment, "spec", "template", "metadata", "labels")
    return deployment["metadata"]["namespace"] == namespace and selector.items() <= labels.items()

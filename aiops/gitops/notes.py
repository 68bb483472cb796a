"""What an operator should know about the groups that a config turns on."""

from collections.abc import Iterator
from typing import Literal

from aiops.config import tables
from aiops.config.model import Config

Note = tuple[Literal["info", "warn"], str]

_PUBLIC = ("identity", "dns", "public-edge")
_FACTS = {
    "security": "needs serving and llm-gateway; tenant namespaces carry llm-platform/kueue-managed=true",
    "gpu-operator": "not for GKE; nodes need kernel headers, and Secure Boot off for Ada GPUs",
    "coding-assistant": "works through the layer llm-gateway",
    "llm-d": "needs two GPUs or more; its application is synced by hand",
    "mcp-gateway": "syncs by itself; tracing needs an OTLP target",
    "egress": "needs `anthropic-api-key` in the secret backend, or its ExternalSecret is Degraded",
    "guardrails": "works through the layer llm-gateway, whose overlay is generated",
    "experience": "works through the layer llm-gateway",
    "n8n": "needs the layer llm-gateway and `n8n-encryption-key` in the secret backend; synced by hand",
}
_NEEDS = (
    ("llm-d", "kserve"),
    ("mcp-gateway", "identity"),
    ("experience", "identity"),
    ("n8n", "identity"),
)
"""A group, and the group without which a part of it does not work."""


def notes(config: Config) -> tuple[Note, ...]:
    """The notes on enabled groups, warnings first. They are about the known groups, not a config's own."""
    on = {rule.name for rule in tables.groups(config) if tables.enabled(config, rule)}
    return (
        *_warnings(config, on),
        *(("info", f"{name}: {fact}") for name, fact in _FACTS.items() if name in on),
    )


def _warnings(config: Config, on: set[str]) -> Iterator[Note]:
    for name in _PUBLIC:
        if name in on and not config.domain:
            yield (
                "warn",
                f"{name}: `domain` is empty, yet it is deployed, for the host names written in the tree",
            )
    if "dns" in on and config.dns.provider == "none":
        yield "warn", "dns: `dns.provider` is none, yet it is deployed, with the provider written in the tree"
    for name, needed in _NEEDS:
        if name in on and needed not in on:
            yield "warn", f"{name}: not all of it works without the group {needed}, which is off"

from typing import Any

import pytest

from aiops.config.model import Aiops, Dns, GroupRule
from aiops.errors import TreeError
from aiops.gitops.groups import GroupEntry, parse, pruned, render, resolve
from aiops.gitops.notes import notes
from tests.gitops.configs import config

GOLDEN = """\
- { name: platform-core, layer: platform, enabled: "true", catalogPath: clusters/lab/catalog/platform-core }
- { name: autoscaling, layer: platform, enabled: "true", catalogPath: clusters/lab/catalog/autoscaling }
- { name: identity, layer: platform, enabled: "false", catalogPath: clusters/lab/catalog/identity }
- { name: dns, layer: platform, enabled: "false", catalogPath: clusters/lab/catalog/dns }
- { name: security, layer: platform, enabled: "false", catalogPath: clusters/lab/catalog/security }
- { name: opencost, layer: platform, enabled: "false", catalogPath: clusters/lab/catalog/opencost }
- { name: gpu-operator, layer: platform, enabled: "true", catalogPath: clusters/lab/catalog/gpu-operator }
- { name: serving-core, layer: serving, enabled: "true", catalogPath: clusters/lab/catalog/serving-core }
- { name: kserve, layer: serving, enabled: "false", catalogPath: clusters/lab/catalog/kserve }
- { name: embeddings, layer: serving, enabled: "true", catalogPath: clusters/lab/catalog/embeddings }
- { name: coding-assistant, layer: serving, enabled: "false", catalogPath: clusters/lab/catalog/coding-assistant }
- { name: llm-d, layer: serving, enabled: "false", catalogPath: clusters/lab/catalog/llm-d }
- { name: routing-core, layer: routing, enabled: "true", catalogPath: clusters/lab/catalog/routing-core }
- { name: public-edge, layer: routing, enabled: "false", catalogPath: clusters/lab/catalog/public-edge }
- { name: mcp-gateway, layer: routing, enabled: "false", catalogPath: clusters/lab/catalog/mcp-gateway }
- { name: egress, layer: routing, enabled: "false", catalogPath: clusters/lab/catalog/egress }
- { name: llm-gateway-core, layer: llm-gateway, enabled: "true", catalogPath: clusters/lab/catalog/llm-gateway-core }
- { name: guardrails, layer: llm-gateway, enabled: "false", catalogPath: clusters/lab/catalog/guardrails }
- { name: experience, layer: experience, enabled: "false", catalogPath: clusters/lab/catalog/experience }
- { name: n8n, layer: experience, enabled: "false", catalogPath: clusters/lab/catalog/n8n }
- { name: demos, layer: demos, enabled: "true", catalogPath: clusters/lab/catalog/demos }
- { name: search, layer: experience, enabled: "true", catalogPath: clusters/lab/catalog/search }
"""


def test_resolve_and_render() -> None:
    own = Aiops(groups=(GroupRule("search", "experience", "features.search", default=True),))
    written = config(features={"kserve": False, "demos": True}, gpu_stack="operator", aiops=own)
    assert render(resolve(written)) == GOLDEN


def test_parse_reads_what_render_writes() -> None:
    assert render(parse(GOLDEN, "here")) == GOLDEN
    with pytest.raises(TreeError, match="here: holds no groups"):
        parse("", "here")


def test_pruned_is_what_was_on_and_is_not_any_more() -> None:
    def entry(name: str, enabled: bool, layer: str = "a") -> GroupEntry:
        return GroupEntry(name, layer, enabled, "")

    old = [entry("stays", True), entry("goes", True), entry("off", False), entry("dropped", True, "b")]
    old += [entry("moves", True)]
    new = [entry("stays", True), entry("goes", False), entry("off", False), entry("moves", True, "b")]
    assert pruned(old, [*new, entry("new", True)]) == {"a": ("goes", "moves"), "b": ("dropped",)}


@pytest.mark.parametrize(
    ("fields", "warnings"),
    [
        ({}, []),
        ({"features": {"identity": True}}, ["identity: `domain` is empty"]),
        ({"features": {"identity": True}, "domain": "x.example.com"}, []),
        ({"features": {"public-edge": True}}, ["public-edge: `domain` is empty"]),
        ({"features": {"dns": True}}, ["dns: `domain` is empty", "dns: `dns.provider` is none"]),
        ({"features": {"dns": True}, "domain": "x", "dns": Dns(provider="google")}, []),
        ({"features": {"llm-d": True}}, []),
        ({"features": {"llm-d": True, "kserve": False}}, ["llm-d: not all of it works without the group kserve"]),
    ],
)
def test_warnings(fields: dict[str, Any], warnings: list[str]) -> None:
    found = [text for level, text in notes(config(**fields)) if level == "warn"]
    assert len(found) == len(warnings)
    assert all(text.startswith(start) for text, start in zip(found, warnings, strict=True))


def test_an_empty_domain_does_not_keep_a_group_from_being_deployed() -> None:
    ((_, text),) = notes(config(features={"identity": True}))
    assert "deployed" in text
    assert any(entry.name == "identity" and entry.enabled for entry in resolve(config(features={"identity": True})))


def test_facts_are_only_about_enabled_groups() -> None:
    assert notes(config()) == ()
    assert [level for level, _ in notes(config(gpu_stack="operator"))] == ["info"]

"""The two tables that stand in the code; a config extends both."""

from collections.abc import Iterable, Mapping

from aiops.config.model import Config, GroupRule
from aiops.config.spelling import did_you_mean
from aiops.errors import WrongUse

PROFILES: Mapping[str, tuple[str, ...]] = {
    "platform": ("platform",),
    "serving": ("platform", "serving"),
    "llm-gateway": ("platform", "serving", "routing", "llm-gateway"),
    "full": ("platform", "serving", "routing", "llm-gateway", "experience", "demos"),
}
"""Profile: its layers, in the order in which they are applied."""

SERVING, GATEWAY = "serving", "llm-gateway"
"""The layers whose names mean something: where the models are, and where LiteLLM stands before them."""

GROUPS: tuple[GroupRule, ...] = (
    GroupRule("platform-core", "platform", "always", True),
    GroupRule("autoscaling", "platform", "features.autoscaling", True),
    GroupRule("identity", "platform", "features.identity"),
    GroupRule("dns", "platform", "features.dns"),
    GroupRule("security", "platform", "features.security"),
    GroupRule("opencost", "platform", "features.opencost"),
    GroupRule("gpu-operator", "platform", "gpu_stack=operator"),
    GroupRule("serving-core", "serving", "always", True),
    GroupRule("kserve", "serving", "features.kserve", True),
    GroupRule("embeddings", "serving", "features.embeddings", True),
    GroupRule("coding-assistant", "serving", "features.coding-assistant"),
    GroupRule("llm-d", "serving", "features.llm-d"),
    GroupRule("routing-core", "routing", "always", True),
    GroupRule("public-edge", "routing", "features.public-edge"),
    GroupRule("mcp-gateway", "routing", "features.mcp-gateway"),
    GroupRule("egress", "routing", "features.egress"),
    GroupRule("llm-gateway-core", "llm-gateway", "always", True),
    GroupRule("guardrails", "llm-gateway", "features.guardrails"),
    GroupRule("experience", "experience", "features.experience"),
    GroupRule("n8n", "experience", "features.n8n"),
    GroupRule("demos", "demos", "features.demos"),
)
"""The groups, in the order of the generated file."""


def profiles(config: Config) -> Mapping[str, tuple[str, ...]]:
    """The profiles of the table and of the config."""
    return {**PROFILES, **config.aiops.profiles}


def layers(config: Config, profile: str) -> tuple[str, ...]:
    """The profile's layers in apply order; WrongUse where there is no such profile."""
    known = profiles(config)
    if profile not in known:
        raise WrongUse(f"no profile `{profile}`{did_you_mean(profile, known)}", f"profiles: {', '.join(known)}")
    return known[profile]


def groups(config: Config) -> tuple[GroupRule, ...]:
    """The groups of the table and of the config."""
    return merged(config.aiops.groups)


def core_groups(config: Config) -> frozenset[str]:
    """The groups that no flag switches off."""
    return frozenset(rule.name for rule in groups(config) if rule.gate == "always")


def merged(own: Iterable[GroupRule]) -> tuple[GroupRule, ...]:
    """The table with a config's own groups: one with a known name takes its row, a new one comes last."""
    return tuple({rule.name: rule for rule in (*GROUPS, *own)}.values())


def enabled(config: Config, rule: GroupRule) -> bool:
    """Whether the rule's gate is open."""
    if rule.flag:
        return config.features.get(rule.flag, rule.default)
    return rule.gate in ("always", f"gpu_stack={config.gpu_stack}")

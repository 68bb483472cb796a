from itertools import pairwise
from pathlib import Path

import pytest

from aiops.config import tables
from aiops.config.model import Aiops, Config, GroupRule
from aiops.errors import WrongUse


def config(**own: object) -> Config:
    return Config(path=Path("x"), environment="e", tree=Path(), repo_url="u", aiops=Aiops(**own))  # type: ignore[arg-type]


def test_each_profile_begins_with_the_one_before() -> None:
    layers = [tables.layers(config(), name) for name in ("platform", "serving", "llm-gateway", "full")]
    for smaller, larger in pairwise(layers):
        assert larger[: len(smaller)] == smaller
    assert {rule.layer for rule in tables.GROUPS} == set(layers[-1])


def test_a_config_extends_and_replaces_profiles() -> None:
    own = config(profiles={"tiny": ("platform",), "serving": ("serving",)})
    assert tables.layers(own, "tiny") == ("platform",)
    assert tables.layers(own, "serving") == ("serving",)
    assert tables.layers(own, "full") == tables.PROFILES["full"]


def test_an_unknown_profile_names_the_near_and_all() -> None:
    with pytest.raises(WrongUse) as caught:
        tables.layers(config(profiles={"tiny": ("platform",)}), "servin")
    assert caught.value.message == "no profile `servin`; did you mean `serving`?"
    assert caught.value.hint == "profiles: platform, serving, llm-gateway, full, tiny"


def test_a_config_replaces_a_group_in_its_row_and_appends_a_new_one() -> None:
    kserve = GroupRule("kserve", "demos", "always")
    search = GroupRule("search", "search", "features.search")
    groups = tables.groups(config(groups=(kserve, search)))
    names = [rule.name for rule in groups]
    assert names == [rule.name for rule in tables.GROUPS] + ["search"]
    assert groups[names.index("kserve")] == kserve


@pytest.mark.parametrize(
    ("gate", "default", "expected"),
    [
        ("always", False, True),
        ("features.on", False, True),
        ("features.off", True, False),
        ("features.unwritten", True, True),
        ("features.unwritten", False, False),
        ("gpu_stack=operator", False, True),
        ("gpu_stack=none", True, False),
    ],
)
def test_a_gate(gate: str, default: bool, expected: bool) -> None:
    gated = Config(
        path=Path("x"),
        environment="e",
        tree=Path(),
        repo_url="u",
        gpu_stack="operator",
        features={"on": True, "off": False},
    )
    assert tables.enabled(gated, GroupRule("g", "l", gate, default)) is expected

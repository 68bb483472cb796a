"""Which profiles lie on the way to one."""

from pathlib import Path

import pytest

from aiops.operations.bring_up import stages_of
from aiops.session import Session

OWN = """
  profiles:
    edge: [platform, routing]
    edge-models: [platform, routing, serving]
    twin: [platform, serving]
    backwards: [serving, platform]
"""


@pytest.mark.parametrize(
    ("profile", "stages"),
    [
        ("platform", ["platform"]),
        ("serving", ["platform", "serving"]),
        ("llm-gateway", ["platform", "serving", "llm-gateway"]),
        ("full", ["platform", "serving", "llm-gateway", "full"]),
    ],
)
def test_the_tables_own(session: Session, profile: str, stages: list[str]) -> None:
    assert list(stages_of(session, profile)) == stages


@pytest.mark.parametrize(
    ("profile", "stages"),
    [
        ("edge-models", ["platform", "edge", "edge-models"]),
        ("twin", ["platform", "twin"]),
        ("backwards", ["backwards"]),
    ],
)
def test_a_configs_own_come_in_where_they_fit(session: Session, work: Path, profile: str, stages: list[str]) -> None:
    """Narrower ones only, and only in the same order of layers."""
    config = work / "config.yaml"
    config.write_text(config.read_text() + OWN)
    assert list(stages_of(session, profile)) == stages


def test_two_profiles_of_the_same_layers_are_one_stage(session: Session, work: Path) -> None:
    config = work / "config.yaml"
    config.write_text(config.read_text() + OWN)
    stages = stages_of(session, "full")
    layers = [session.layers(name) for name in stages]
    assert len(layers) == len(set(layers))

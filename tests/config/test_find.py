from pathlib import Path

import pytest

from aiops.config.find import find
from aiops.errors import ConfigError


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a folder deep in it, and a stranger's config.yaml above."""
    (tmp_path / "config.yaml").touch()
    (tmp_path / "repo/.git").mkdir(parents=True)
    (tmp_path / "repo/a/b").mkdir(parents=True)
    return tmp_path / "repo"


def environment(checkout: Path, name: str) -> Path:
    path = checkout / "environments" / name / "config.yaml"
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_the_option_beats_the_variable_beats_the_file(checkout: Path) -> None:
    (checkout / "config.yaml").touch()
    environ = {"AIOPS_CONFIG": "variable.yaml"}
    assert find("option.yaml", environ, checkout) == Path("option.yaml")
    assert find(None, environ, checkout) == Path("variable.yaml")
    assert find(None, {"AIOPS_CONFIG": ""}, checkout) == checkout / "config.yaml"


def test_the_nearest_file_upwards(checkout: Path) -> None:
    (checkout / "config.yaml").touch()
    assert find(None, {}, checkout / "a/b") == checkout / "config.yaml"
    (checkout / "a/config.yaml").touch()
    assert find(None, {}, checkout / "a/b") == checkout / "a/config.yaml"


def test_the_only_environment(checkout: Path) -> None:
    only = environment(checkout, "lab")
    assert find(None, {}, checkout / "a/b") == only


def test_a_file_upwards_beats_an_environment(checkout: Path) -> None:
    environment(checkout, "lab")
    (checkout / "config.yaml").touch()
    assert find(None, {}, checkout / "a") == checkout / "config.yaml"


def test_several_environments_are_listed(checkout: Path) -> None:
    both = (str(environment(checkout, "dev")), str(environment(checkout, "prod")))
    with pytest.raises(ConfigError) as caught:
        find(None, {}, checkout)
    assert caught.value.problems == both


def test_nothing_found_says_where_it_looked_and_stops_at_the_checkout(checkout: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        find(None, {}, checkout / "a")
    assert caught.value.problems == (
        str(checkout / "a/config.yaml"),
        str(checkout / "config.yaml"),
        str(checkout / "environments/*/config.yaml"),
    )


def test_outside_a_checkout_nothing_above_is_taken(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").touch()
    (tmp_path / "plain").mkdir()
    with pytest.raises(ConfigError):
        find(None, {}, tmp_path / "plain")

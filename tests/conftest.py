"""Options of the whole test run."""

from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--cluster` chooses where the scenarios run; without it those that are not long do, on the lab."""
    where = "where all of tests/scenarios run: the lab, or a real Kubernetes with a real Argo CD (tests/real/README.md)"
    parser.addoption("--cluster", choices=["lab", "real"], help=where)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is long is left to a run that names a cluster: the run of all tests is to take three minutes."""
    if not config.getoption("--cluster"):
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def no_state_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test leaves a journal in this user's own state folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(_state(tmp_path_factory)))


def _state(factory: pytest.TempPathFactory) -> Path:
    """One for all tests: to make a folder for each takes its time."""
    folder = factory.getbasetemp() / "state"
    folder.mkdir(exist_ok=True)
    return folder

"""Options of the whole test run."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--cluster` chooses where the scenarios run; without it they do not."""
    parser.addoption("--cluster", choices=["real"], help="run tests/scenarios on this cluster")

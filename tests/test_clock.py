"""The time of the platform: this machine's, or a lab's."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aiops import clock
from aiops.clients.kube import connect
from aiops.clients.login import Patience
from aiops.clock import Pace
from tests.clients.conftest import kubeconfig

NEAR = timedelta(seconds=5)


@pytest.fixture(autouse=True)
def ours() -> Iterator[None]:
    """Other tests measure by this machine's."""
    yield
    clock.follow(clock.OURS)


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Of this machine's monotonic clock."""
    found = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: found[0])
    return found


def test_it_is_this_machines_where_nobody_says_otherwise() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < NEAR
    assert abs(clock.monotonic() - time.monotonic()) < NEAR.total_seconds()
    assert clock.real(30.0) == 30.0


def test_a_lab_that_began_a_minute_ago_at_sixty_times_the_speed() -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)
    clock.follow(Pace(began=began, speed=60.0))
    assert abs(clock.now() - (began + timedelta(hours=1))) < 60 * NEAR
    assert clock.real(30.0) == 0.5


def test_a_duration_goes_on_when_the_pace_changes(hands: list[float]) -> None:
    began = clock.monotonic()
    hands[0] += 2.0
    clock.follow(Pace(began=datetime.now(UTC), speed=10.0))
    hands[0] += 1.0
    assert clock.monotonic() - began == 12.0
    clock.follow(clock.OURS)
    hands[0] += 3.0
    assert clock.monotonic() - began == 15.0


def test_a_kubeconfig_tells_what_time_it_is_on_a_lab(tmp_path: Path) -> None:
    """And that of the next cluster tells that it is this machine's again."""
    path = tmp_path / "kubeconfig"
    kubeconfig(path, "http://127.0.0.1:1", {"token": "x"})
    body = json.loads(path.read_text())
    pace = {"began": datetime.now(UTC).isoformat(), "speed": 30.0}
    body["contexts"][0]["context"]["extensions"] = [
        {"name": "somebody-else", "extension": {}},
        {"name": "aiops.dev/lab", "extension": pace},
    ]
    path.write_text(json.dumps(body))
    connect(None, str(path), timeout_s=1.0, login=Patience(9))
    assert clock.real(30.0) == 1.0
    connect(
        None, kubeconfig(tmp_path / "other", "http://127.0.0.1:1", {"token": "x"}), timeout_s=1.0, login=Patience(9)
    )
    assert clock.real(30.0) == 30.0

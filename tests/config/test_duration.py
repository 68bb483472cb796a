import pytest

from aiops.config.duration import seconds


@pytest.mark.parametrize(
    ("written", "expected"),
    [("15m", 900), ("90s", 90), ("1h30m", 5400), ("0.5s", 0.5), ("1h00m05s", 3605)],
)
def test_reads(written: str, expected: float) -> None:
    assert seconds(written) == expected


@pytest.mark.parametrize("written", ["", "15", "m", "0s", "-5s", "5m1h", "15 m", "1d", "infs", "1.5h"])
def test_refuses(written: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        seconds(written)

import pytest

from aiops.config.duration import seconds, text


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


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (905.2, "15m05s"),
        (0, "0s"),
        (0.42, "0.4s"),
        (0.97, "1s"),
        (42.4, "42s"),
        (59.7, "1m"),
        (900, "15m"),
        (3600, "1h"),
        (3605, "1h00m05s"),
        (5400, "1h30m"),
    ],
)
def test_writes(duration: float, expected: str) -> None:
    assert text(duration) == expected

"""How long ago something was, and in which words."""

from datetime import datetime

from aiops.snapshot import moment


def age_s(now: datetime, text: str | None) -> float | None:
    """Seconds since a time of the API; None where there is none. Never negative: clocks differ."""
    then = moment(text)
    return None if then is None else max(0.0, (now - then).total_seconds())


def since(seconds: float) -> str:
    """`40 s`, `25 min`, `3.5 h`, `4 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} days"

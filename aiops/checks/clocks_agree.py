"""Do this machine's clock and the cluster's agree?"""

from collections.abc import Iterator
from datetime import datetime

from aiops.checks.check import Check, ok
from aiops.judge.age import since
from aiops.judge.finding import Finding
from aiops.snapshot.look import Look

TOLERATED_S = 10.0
"""An HTTP Date counts whole seconds, and its answer takes a while."""
BREAKS_S = 300.0
"""Tokens are not yet valid, or not any more: Kerberos' and most login programs' own limit."""


def _judge(look: Look) -> Iterator[Finding]:
    look.value("version")  # without an answer there was no Date
    skew_s = (datetime.fromisoformat(look.here) - look.at).total_seconds()
    if abs(skew_s) <= TOLERATED_S:
        yield ok("this machine's clock agrees with the cluster's")
        return
    yield Finding(
        status="fail" if abs(skew_s) > BREAKS_S else "warn",
        symptom=f"this machine's clock is {since(abs(skew_s))} {'ahead of' if skew_s > 0 else 'behind'} the cluster's",
        cause="one of them is not synchronized; tokens and certificates are judged by both",
        fix="timedatectl status",
    )


CHECK = Check(
    slug="clocks-agree",
    group="cluster",
    title="this machine's clock agrees with the cluster's",
    reads=("version",),
    needs=("cluster-reachable",),
    prerequisite=True,
    judge=_judge,
)

"""Which part of Argo CD is named for whose silence."""

import pytest

from aiops.judge.stall import PATIENCE_S, stalled_part

LONG = PATIENCE_S
SHORT = PATIENCE_S - 0.1


@pytest.mark.parametrize(
    ("applications", "sets", "named"),
    [
        (0, 0, ""),
        (SHORT, SHORT, ""),
        (LONG, 0, "argocd-application-controller has answered no refresh for 8 s"),
        (LONG, SHORT, "argocd-application-controller has answered no refresh for 8 s"),
        (0, LONG, "argocd-applicationset-controller has answered no refresh for 8 s"),
        (20, LONG, "argocd-repo-server does not answer: both controllers have waited for it for 8 s"),
    ],
)
def test_the_part_that_does_not_answer(applications: float, sets: float, named: str) -> None:
    assert stalled_part(applications, sets) == named

"""What a Deployment's rollout does first: start a pod, or stop one."""

from fractions import Fraction
from math import ceil, floor

from aiops.gitops.parsing import Body, part

_DEFAULT = "25%"
"""Kubernetes' own for both maxSurge and maxUnavailable."""


def surges(strategy: Body) -> bool:
    """Of one pod, the new one comes first. Percentages count as in kubernetes pkg/controller/deployment/util."""
    if (strategy.get("type") or "RollingUpdate") != "RollingUpdate":
        return False
    rolling = part(strategy, "rollingUpdate")
    surge = ceil(_share(rolling.get("maxSurge", _DEFAULT)))
    return surge > 0 and floor(_share(rolling.get("maxUnavailable", _DEFAULT))) == 0


def _share(number: object) -> Fraction:
    """Of one pod; what is no number counts as the default."""
    text = str(number)
    digits = text.removesuffix("%")
    whole = Fraction(digits if digits.isdecimal() else _DEFAULT.removesuffix("%"))
    return whole / 100 if text.endswith("%") or not digits.isdecimal() else whole

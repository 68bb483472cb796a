"""Label selectors of Kubernetes, also for what is known in part only: a pod that a chart or a controller makes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from aiops.gitops.parsing import Body, items, part

Answer = bool | None
"""None: it cannot be told."""
_ADDED = (
    "apps.kubernetes.io/",
    "batch.kubernetes.io/",
    "controller-",
    "job-name",
    "pod-template-",
    "statefulset.kubernetes.io/",
)
"""How labels begin that Kubernetes' own controllers add to pods."""


@dataclass(frozen=True)
class Labels:
    """The labels of an object, as far as they are known."""

    known: Mapping[str, str]
    besides: Literal["none", "added", "any"] = "none"
    """What else it may have: none; those alone that controllers add to a pod template's; or any."""

    def may_have(self, key: str) -> bool:
        """Whether it may have a label of this key that is not known."""
        if self.besides == "added":
            return key.startswith(_ADDED)
        return self.besides == "any" and key not in self.known


def any_of(answers: Iterable[Answer]) -> Answer:
    """True where one is; else None where one is not known."""
    found = set(answers)
    return True if True in found else None if None in found else False


def all_of(answers: Iterable[Answer]) -> Answer:
    """False where one is; else None where one is not known."""
    found = set(answers)
    return False if False in found else None if None in found else True


def selects(selector: Body, labels: Labels) -> Answer:
    """Whether a LabelSelector selects what has these labels; an empty one selects everything.

    `NotIn` selects what lacks the key, too (kubernetes.io/docs/concepts/overview/working-with-objects/labels).
    """
    equal = (_among(labels, key, (str(value),)) for key, value in part(selector, "matchLabels").items())
    return all_of((*equal, *(_holds(each, labels) for each in items(selector, "matchExpressions"))))


def _holds(expression: Body, labels: Labels) -> Answer:
    key = str(expression.get("key", ""))
    among = _among(labels, key, tuple(map(str, expression.get("values") or ())))
    there = True if key in labels.known else None if labels.may_have(key) else False
    return {"In": among, "NotIn": _not(among), "Exists": there, "DoesNotExist": _not(there)}.get(
        str(expression.get("operator"))
    )


def _among(labels: Labels, key: str, values: tuple[str, ...]) -> Answer:
    if key in labels.known:
        return labels.known[key] in values
    return None if labels.may_have(key) else False


def _not(answer: Answer) -> Answer:
    return None if answer is None else not answer

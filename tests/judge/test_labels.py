"""What a LabelSelector selects, also of what is known in part only."""

from typing import Literal

import pytest

from aiops.judge.labels import Answer, Labels, all_of, any_of, selects
from aiops.snapshot import Json

Besides = Literal["none", "added", "any"]
WEB = {"app": "web", "tier": "front"}


def expression(key: str, operator: str, *values: str) -> Json:
    return {"matchExpressions": [{"key": key, "operator": operator, **({"values": list(values)} if values else {})}]}


@pytest.mark.parametrize(
    ("selector", "labels", "answer"),
    [
        ({}, WEB, True),
        ({}, {}, True),
        ({"matchLabels": {"app": "web"}}, WEB, True),
        ({"matchLabels": {"app": "web", "tier": "back"}}, WEB, False),
        ({"matchLabels": {"app": "web"}}, {}, False),
        (expression("app", "In", "web", "api"), WEB, True),
        (expression("app", "In", "api"), WEB, False),
        (expression("app", "In", "api"), {}, False),
        (expression("app", "NotIn", "api"), WEB, True),
        (expression("app", "NotIn", "web"), WEB, False),
        (expression("app", "NotIn", "web"), {}, True),
        (expression("app", "Exists"), WEB, True),
        (expression("app", "Exists"), {}, False),
        (expression("app", "DoesNotExist"), {}, True),
        (expression("app", "DoesNotExist"), WEB, False),
        ({"matchLabels": {"app": "web"}, **expression("tier", "In", "back")}, WEB, False),
        ({"matchLabels": {"app": "web"}, **expression("tier", "Exists")}, WEB, True),
        (expression("app", "Near", "web"), WEB, None),
    ],
)
def test_labels_that_are_known(selector: Json, labels: dict[str, str], answer: Answer) -> None:
    assert selects(selector, Labels(labels)) is answer


@pytest.mark.parametrize(
    ("selector", "besides", "answer"),
    [
        ({}, "any", True),
        ({"matchLabels": {"app": "web"}}, "any", True),
        ({"matchLabels": {"app": "api"}}, "any", False),
        ({"matchLabels": {"team": "a"}}, "any", None),
        ({"matchLabels": {"app": "api", "team": "a"}}, "any", False),
        (expression("team", "NotIn", "a"), "any", None),
        (expression("team", "Exists"), "any", None),
        (expression("team", "DoesNotExist"), "any", None),
        ({"matchLabels": {"team": "a"}}, "added", False),
        ({"matchLabels": {"job-name": "a"}}, "added", None),
        ({"matchLabels": {"batch.kubernetes.io/job-name": "a"}}, "added", None),
        ({"matchLabels": {"batch.kubernetes.io/job-name": "a"}}, "none", False),
    ],
)
def test_labels_that_are_known_in_part(selector: Json, besides: Besides, answer: Answer) -> None:
    assert selects(selector, Labels(WEB, besides)) is answer


def test_one_that_is_not_known_leaves_open_what_the_others_do_not_decide() -> None:
    assert (any_of([False, None, True]), any_of([False, None]), any_of([False]), any_of([])) == (
        True, None, False, False,
    )  # fmt: skip
    assert (all_of([False, None, True]), all_of([True, None]), all_of([True]), all_of([])) == (False, None, True, True)

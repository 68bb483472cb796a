"""What KEDA does to the replicas of a Deployment: paused, pinned, bounded, or none of its business."""

from typing import Any

import pytest

from aiops.judge.finding import Finding
from aiops.judge.keda import keda_undoes
from aiops.snapshot import Json

PAUSED, PINNED = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"


def scaled(notes: dict[str, str] | None = None, target: Json | None = None, **spec: Any) -> Json:
    """A ScaledObject of Deployment chat."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "scaler", "namespace": "models", "annotations": notes},
        "spec": {"scaleTargetRef": {"name": "chat"} if target is None else target, **spec},
    }


def undone(*bodies: Json, replicas: int = 1) -> list[Finding]:
    return list(keda_undoes(bodies, "chat", replicas))


UNPAUSED = [None, {}, {"other": "true"}, {PAUSED: "false"}, {PAUSED: ""}]


@pytest.mark.parametrize("notes", UNPAUSED, ids=["null", "none", "others", "false", "empty"])
def test_only_the_word_true_pauses(notes: dict[str, str] | None) -> None:
    [finding] = undone(scaled(notes))
    assert (finding.id, finding.about) == ("model.keda", "ScaledObject models/scaler")
    assert finding.fix == f"kubectl -n models annotate scaledobject scaler --overwrite {PAUSED}=true"
    assert undone(scaled({PAUSED: "true"}, minReplicaCount=3)) == []


@pytest.mark.parametrize(
    ("notes", "replicas", "pins"),
    [
        ({PINNED: "0"}, 1, "0"),
        ({PINNED: "1"}, 1, None),
        ({PINNED: "0"}, 0, None),
        ({PINNED: "1"}, 0, "1"),
        ({PINNED: "0", PAUSED: "true"}, 1, "0"),
        ({PINNED: "1", PAUSED: "false"}, 1, None),
        ({PINNED: ""}, 0, ""),
    ],
    ids=["at 0", "where it is wanted", "at 0, wanted", "keeps it up", "more than paused", "more than not paused",
         "without a number"],
)  # fmt: skip
def test_a_pinned_number_is_the_stronger_one(notes: dict[str, str], replicas: int, pins: str | None) -> None:
    found = undone(scaled(notes, minReplicaCount=5), replicas=replicas)
    assert [each.symptom for each in found] == (
        [] if pins is None else [f"ScaledObject models/scaler pins it to {pins} replicas ({PINNED})"]
    )
    for finding in found:
        assert (finding.id, finding.status, finding.about) == (
            "model.keda-pinned", "fail", "ScaledObject models/scaler",
        )  # fmt: skip
        assert finding.fix == f"kubectl -n models annotate scaledobject scaler --overwrite {PINNED}- {PAUSED}=true"


@pytest.mark.parametrize(
    ("spec", "replicas", "status", "between"),
    [
        ({"minReplicaCount": 1, "maxReplicaCount": 3}, 0, "fail", "1 and 3"),
        ({"minReplicaCount": 1, "maxReplicaCount": 3}, 1, "warn", "1 and 3"),
        ({"minReplicaCount": 2}, 1, "fail", "2 and 100"),
        ({"minReplicaCount": 0}, 0, "warn", "0 and 100"),
        ({}, 0, "warn", "0 and 100"),
        ({"minReplicaCount": None}, 1, "warn", "0 and 100"),
        ({"idleReplicaCount": 0, "minReplicaCount": 1, "maxReplicaCount": 2}, 0, "warn", "0 and 2"),
    ],
    ids=["brings it back", "leaves it", "more than one", "may bring it back", "KEDA's defaults", "null", "idle at 0"],
)
def test_it_fails_where_keda_never_goes_as_low(spec: Json, replicas: int, status: str, between: str) -> None:
    [finding] = undone(scaled(**spec), replicas=replicas)
    assert finding.status == status
    assert finding.symptom == f"ScaledObject models/scaler is not paused: KEDA sets the replicas, between {between}"


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ({"name": "chat"}, True),
        ({"name": "chat", "kind": "Deployment"}, True),
        ({"name": "chat", "kind": ""}, True),
        ({"name": "chat", "kind": "StatefulSet"}, False),
        ({"name": "chat-2"}, False),
        ({}, False),
    ],
    ids=["by default a Deployment", "a Deployment", "an empty kind", "a StatefulSet", "another name", "no target"],
)
def test_whose_replicas_it_sets(target: Json, meant: bool) -> None:
    assert bool(undone(scaled(target=target))) is meant
    assert bool(undone(scaled({PINNED: "0"}, target))) is meant


def test_each_is_named() -> None:
    other = scaled({PINNED: "0"})
    other["metadata"]["name"] = "second"
    assert [each.about for each in undone({"metadata": {"name": "no-spec"}}, scaled(), other)] == [
        "ScaledObject models/scaler",
        "ScaledObject models/second",
    ]

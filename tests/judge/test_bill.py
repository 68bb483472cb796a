"""Which nodes cost GPU money, and how much: from the Node's creation and from nothing else."""

from typing import Any

import pytest

from aiops.judge.bill import bill_of, bills, is_gpu_node
from aiops.snapshot import Json
from tests.judge.models import GPU, NOW, ago, node
from tests.judge.saved import changed

PRICES = {"nvidia-l4": 0.8, "NVIDIA-A100": 4.0}


def bare(labels: Json | None = None, taints: list[Json] | None = None, **status: Any) -> Json:
    """A node with nothing that tells of a GPU, but for what is given."""
    meta = {"name": "n", "labels": labels, "creationTimestamp": ago(60)}
    return {"kind": "Node", "metadata": meta, "spec": {"taints": taints}, "status": status}


@pytest.mark.parametrize(
    ("body", "yes"),
    [
        (bare(capacity={GPU: "1"}), True),
        (bare(allocatable={GPU: "1"}), True),
        (bare(capacity={GPU: "0"}, allocatable={GPU: "0"}), True),
        (bare({"cloud.google.com/gke-accelerator": "nvidia-l4"}, capacity={"cpu": "4"}), True),
        (bare({"nvidia.com/gpu.product": "NVIDIA-L4"}), True),
        (bare({"nvidia.com/gpu.present": "true"}), True),
        (bare(taints=[{"key": "other"}, {"key": GPU, "effect": "NoSchedule"}]), True),
        (bare({"nvidia.com/gpu.present": "false"}), False),
        (bare({"cloud.google.com/gke-nodepool": "gpu"}, [{"key": "other"}], capacity={"cpu": "4"}), False),
        (bare(), False),
        (bare(capacity=None, allocatable=None), False),
        ({"metadata": {"name": "n"}}, False),
    ],
    ids=["capacity", "allocatable", "device plugin gone", "GKE label, no driver yet", "product", "present", "taint",
         "present: false", "of other things", "nothing", "nulls", "empty"],
)  # fmt: skip
def test_what_a_gpu_node_is_told_by(body: Json, yes: bool) -> None:
    assert is_gpu_node(body) is yes


def test_the_bill_of_a_node() -> None:
    bill = bill_of(changed(node(), "metadata.creationTimestamp", ago(1800)), NOW, PRICES)
    assert (bill.node, bill.gpu, bill.age_s, bill.per_hour) == ("gpu-1", "nvidia-l4", 1800, 0.8)
    assert bill.cost == pytest.approx(0.4)


@pytest.mark.parametrize(
    "changes",
    [
        {"status.conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": ago(5)}]},
        {"status.conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": ago(86400)}]},
        {"metadata.deletionTimestamp": ago(30)},
        {"metadata.annotations": {"aiops.dev/raised-by": ago(86400)}},
        {"metadata.managedFields": [{"time": ago(86400)}]},
    ],
    ids=["ready later", "ready before", "on its way out", "annotated", "other times"],
)
def test_nothing_but_the_creation_of_the_node_counts(changes: dict[str, Any]) -> None:
    body = node()
    for path, value in changes.items():
        body = changed(body, path, value)
    assert bill_of(body, NOW, PRICES).age_s == 200


@pytest.mark.parametrize(
    ("labels", "gpu", "per_hour"),
    [
        ({"cloud.google.com/gke-accelerator": "nvidia-l4"}, "nvidia-l4", 0.8),
        ({"nvidia.com/gpu.product": "NVIDIA-A100"}, "NVIDIA-A100", 4.0),
        ({"cloud.google.com/gke-accelerator": "", "nvidia.com/gpu.product": "NVIDIA-A100"}, "NVIDIA-A100", 4.0),
        ({"cloud.google.com/gke-accelerator": "nvidia-l4", "nvidia.com/gpu.product": "NVIDIA-A100"}, "nvidia-l4", 0.8),
        ({"cloud.google.com/gke-accelerator": "nvidia-h100"}, "nvidia-h100", None),
        ({"nvidia.com/gpu.present": "true"}, "", None),
        (None, "", None),
    ],
    ids=["GKE", "product", "an empty label", "both", "no price", "no type", "no labels"],
)
def test_the_price_is_that_of_its_type(labels: Json | None, gpu: str, per_hour: float | None) -> None:
    bill = bill_of(bare(labels), NOW, PRICES)
    assert (bill.gpu, bill.per_hour) == (gpu, per_hour)
    assert (bill.cost is None) is (per_hour is None)


def test_a_node_that_is_free_costs_nothing_and_not_an_unknown_sum() -> None:
    assert bill_of(node(), NOW, {"nvidia-l4": 0.0}).cost == 0.0


@pytest.mark.parametrize("created", [ago(-5), None], ids=["by a faster clock", "not said"])
def test_no_node_is_younger_than_now(created: str | None) -> None:
    bill = bill_of(changed(node(), "metadata.creationTimestamp", created), NOW, PRICES)
    assert (bill.age_s, bill.cost) == (0, 0)


def test_all_gpu_nodes_the_oldest_first() -> None:
    young, old = (
        changed(node(name), "metadata.creationTimestamp", ago(age_s)) for name, age_s in (("young", 10), ("old", 500))
    )
    assert [each.node for each in bills([young, bare(), old], NOW, PRICES)] == ["old", "young"]
    assert bills([bare()], NOW, PRICES) == ()

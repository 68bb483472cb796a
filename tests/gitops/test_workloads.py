"""The pods that a manifest makes, whatever its kind."""

from typing import Any

import pytest

from aiops.gitops.workloads import pods_made_by

CONTAINERS = {"containers": [{"name": "main", "env": [{"name": "A", "value": 1}, {"name": "B", "valueFrom": {}}]}]}
TEMPLATE = {"metadata": {"labels": {"app": "x", "build": 7}}, "spec": CONTAINERS}


@pytest.mark.parametrize(
    ("kind", "spec", "paths"),
    [
        ("Pod", CONTAINERS, ["spec"]),
        ("Deployment", {"template": TEMPLATE}, ["spec.template.spec"]),
        ("StatefulSet", {"template": TEMPLATE}, ["spec.template.spec"]),
        ("DaemonSet", {"template": TEMPLATE}, ["spec.template.spec"]),
        ("Job", {"template": TEMPLATE}, ["spec.template.spec"]),
        ("CronJob", {"jobTemplate": {"spec": {"template": TEMPLATE}}}, ["spec.jobTemplate.spec.template.spec"]),
        (
            "InferenceService",
            {"predictor": CONTAINERS, "transformer": CONTAINERS},
            ["spec.predictor", "spec.transformer"],
        ),
        (
            "LLMInferenceService",
            {"template": CONTAINERS, "worker": CONTAINERS, "prefill": {"template": CONTAINERS, "worker": CONTAINERS}},
            ["spec.template", "spec.worker", "spec.prefill.template", "spec.prefill.worker"],
        ),
        ("Service", {"template": TEMPLATE}, []),
    ],
)
def test_each_kind_that_makes_pods(kind: str, spec: Any, paths: list[str]) -> None:
    found = pods_made_by({"kind": kind, "spec": spec})
    assert [".".join(map(str, pods.path)) for pods in found] == paths
    assert [container.name for pods in found for container in pods.containers] == ["main"] * len(paths)


def test_labels_are_those_of_the_template_as_text() -> None:
    (pods,) = pods_made_by({"kind": "Deployment", "metadata": {"labels": {"app": "y"}}, "spec": {"template": TEMPLATE}})
    assert pods.labels == {"app": "x", "build": "7"}


def test_containers_come_init_first_each_with_its_place() -> None:
    spec = {"containers": [{"name": "main"}, {"image": "nameless"}], "initContainers": [{"name": "fetch"}]}
    (pods,) = pods_made_by({"kind": "Pod", "spec": spec})
    assert [(each.path, each.init) for each in pods.containers] == [
        (("spec", "initContainers", "fetch"), True),
        (("spec", "containers", "main"), False),
        (("spec", "containers", 1), False),
    ]


def test_the_model_of_kserve_is_a_container_too() -> None:
    (pods,) = pods_made_by({"kind": "InferenceService", "spec": {"predictor": {"model": {"storageUri": "oci://a/b"}}}})
    (model,) = pods.containers
    assert (model.name, model.path) == ("model", ("spec", "predictor", "model"))


def test_the_value_of_a_variable() -> None:
    (pods,) = pods_made_by({"kind": "Pod", "spec": CONTAINERS})
    (main,) = pods.containers
    assert [main.value_of(name) for name in ("A", "B", "C")] == ["1", None, None]

import json
from typing import Any

import pytest

from aiops.errors import TreeError
from aiops.gitops.manifests import documents
from aiops.gitops.models import GpuWorkload, gpu_workloads
from aiops.gitops.patches import patched
from tests.gitops.trees import commit

Body = dict[str, Any]


def asks(gpus: object, field: str = "limits", **more: object) -> Body:
    """A container that asks for GPUs."""
    return {"resources": {field: {"nvidia.com/gpu": gpus}}, **more}


POD: Body = {"containers": [asks(1)]}
TEMPLATE: Body = {"template": {"spec": POD}}


def manifest(kind: str, spec: object, version: str = "apps/v1", **metadata: object) -> Body:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "m", **metadata}, "spec": spec}


def found(*bodies: object, kustomization: Body | None = None) -> tuple[GpuWorkload, ...]:
    """The GPU workloads of a folder with these files: 0.yaml, 1.yaml ..."""
    files = {f"app/{number}.yaml": json.dumps(body) for number, body in enumerate(bodies)}
    if kustomization:
        files["app/kustomization.yaml"] = json.dumps({"resources": ["0.yaml"], **kustomization})
    return gpu_workloads(documents(commit(files, {}), "app"))


def test_a_deployment() -> None:
    deployment = manifest("Deployment", {"replicas": 0, **TEMPLATE}, namespace="n")
    assert found(deployment) == (GpuWorkload("Deployment", "n", "m", replicas=0, gpus=1, accelerator=None),)


@pytest.mark.parametrize(
    ("spec", "gpus"),
    [
        ({"containers": [asks(2)]}, 2),
        ({"containers": [asks(2, "requests")]}, 2),
        ({"containers": [asks("2"), asks(1), {"name": "proxy"}]}, 3),
        ({"initContainers": [asks(4)], "containers": [asks(1)]}, 4),
        ({"initContainers": [asks(1)]}, 1),
        ({"containers": [asks(0)]}, None),
        ({"containers": [{"resources": {"limits": {"cpu": 1}}}]}, None),
        ({"containers": None}, None),
    ],
)
def test_gpus_of_a_pod(spec: Body, gpus: int | None) -> None:
    assert [one.gpus for one in found(manifest("Pod", spec))] == ([gpus] if gpus else [])


@pytest.mark.parametrize(
    ("kind", "spec", "replicas"),
    [
        ("Deployment", {"replicas": 3, **TEMPLATE}, 3),
        ("Deployment", TEMPLATE, 1),
        ("StatefulSet", {"replicas": 0, **TEMPLATE}, 0),
        ("Job", {"parallelism": 2, **TEMPLATE}, 2),
        ("Job", {"suspend": True, **TEMPLATE}, 0),
        ("CronJob", {"jobTemplate": {"spec": TEMPLATE}}, 1),
        ("CronJob", {"suspend": True, "jobTemplate": {"spec": TEMPLATE}}, 0),
    ],
)
def test_replicas_of_a_workload(kind: str, spec: Body, replicas: int) -> None:
    assert [one.replicas for one in found(manifest(kind, spec))] == [replicas]


@pytest.mark.parametrize("label", ["cloud.google.com/gke-accelerator", "nvidia.com/gpu.product"])
def test_the_accelerator_is_what_the_node_selector_pins(label: str) -> None:
    (pod,) = found(manifest("Pod", {**POD, "nodeSelector": {label: "nvidia-l4"}}))
    assert pod.accelerator == "nvidia-l4"


STOP = "serving.kserve.io/stop"


@pytest.mark.parametrize(
    ("kind", "annotations", "spec", "expected"),
    [
        ("InferenceService", {}, {"predictor": {"minReplicas": 0, **POD}}, [("predictor", 1)]),
        ("InferenceService", {}, {"predictor": {"minReplicas": 2, **POD}}, [("predictor", 2)]),
        ("InferenceService", {}, {"predictor": {"model": asks(1)}}, [("predictor", 1)]),
        ("InferenceService", {STOP: "true"}, {"predictor": POD}, [("predictor", 0)]),
        ("InferenceService", {STOP: "false"}, {"predictor": POD}, [("predictor", 1)]),
        (
            "LLMInferenceService",
            {},
            {"replicas": 2, "template": POD, "prefill": {"template": POD}},
            [("decode", 2), ("prefill", 1)],
        ),
    ],
)
def test_kserve(kind: str, annotations: Body, spec: Body, expected: list[tuple[str, int]]) -> None:
    service = manifest(kind, spec, "serving.kserve.io/v1beta1", annotations=annotations)
    assert [(one.part, one.replicas) for one in found(service)] == expected


VLLM = manifest("Deployment", {"replicas": 0, "template": {"spec": {"containers": [asks(1, name="vllm")]}}})
TWO = manifest("Deployment", {"replicas": 2, "strategy": {"type": "RollingUpdate"}})
OTHER = {**TWO, "metadata": {"name": "other"}}
GPU_PATH = "/spec/template/spec/containers/0/resources/limits/nvidia.com~1gpu"


def patch(**target: str) -> Body:
    """A kustomization that applies 1.yaml."""
    return {"patches": [{"path": "1.yaml", **({"target": target} if target else {})}]}


def containers(container: Body) -> Body:
    return manifest("Deployment", {"template": {"spec": {"containers": [container]}}})


@pytest.mark.parametrize(
    ("kustomization", "body", "expected"),
    [
        ({"replicas": [{"name": "m", "count": 2}]}, None, (2, 1)),
        ({"replicas": [{"name": "other", "count": 2}]}, None, (0, 1)),
        ({"patchesStrategicMerge": ["1.yaml"]}, TWO, (2, 1)),
        (patch(), TWO, (2, 1)),
        (patch(), OTHER, (0, 1)),
        (patch(kind="Deployment", name=".*"), OTHER, (2, 1)),
        (patch(kind="Service"), TWO, (0, 1)),
        (patch(kind="Deployment"), [{"op": "replace", "path": "/spec/replicas", "value": 2}], (2, 1)),
        (patch(kind="Deployment"), [{"op": "replace", "path": GPU_PATH, "value": 4}], (0, 4)),
        (patch(kind="Deployment"), [{"op": "remove", "path": GPU_PATH}], None),
        (patch(), containers(asks(2, name="vllm")), (0, 2)),
        (patch(), containers(asks(2, name="more")), (0, 3)),
        (patch(), containers({"name": "vllm", "resources": None}), None),
        (patch(), {**TWO, "$patch": "delete"}, None),
    ],
)
def test_what_a_kustomization_leaves(kustomization: Body, body: object, expected: tuple[int, int] | None) -> None:
    workloads = found(VLLM, body, kustomization=kustomization)
    assert [(one.replicas, one.gpus) for one in workloads] == ([expected] if expected else [])


LLM = manifest("LLMInferenceService", {"template": POD}, "serving.kserve.io/v1alpha1")
ISVC = manifest("InferenceService", {"predictor": {"containers": [asks(1, name="gpu")]}}, "serving.kserve.io/v1beta1")
CPU = {**ISVC, "spec": {"predictor": {"containers": [{"name": "cpu"}]}}}


@pytest.mark.parametrize(
    ("kustomization", "bodies", "replicas"),
    [
        ({"replicas": [{"name": "m", "count": 3}]}, [LLM], [1]),
        ({"patches": [{"path": "1.yaml"}]}, [ISVC, CPU], []),
    ],
    ids=["`replicas` is for Kubernetes' own kinds", "a list of a custom resource is replaced"],
)
def test_a_kustomization_of_a_custom_resource(kustomization: Body, bodies: list[Body], replicas: list[int]) -> None:
    assert [one.replicas for one in found(*bodies, kustomization=kustomization)] == replicas


def test_a_null_in_a_patch_removes_the_key() -> None:
    files = {
        "app/kustomization.yaml": json.dumps({"resources": ["0.yaml"], **patch()}),
        "app/0.yaml": json.dumps(VLLM),
        "app/1.yaml": json.dumps(manifest("Deployment", {"replicas": None})),
    }
    (deployment,) = patched(documents(commit(files, {}), "app"))
    assert list(deployment.body["spec"]) == ["template"]


def test_a_patch_is_the_same_after_it_was_applied() -> None:
    """What it adds is not what a later operation of it writes into."""
    operations = '[{op: add, path: /spec/x, value: []}, {op: add, path: "/spec/x/-", value: y}]'
    files = {
        "app/kustomization.yaml": f"resources: [a.yaml]\npatches: [{{target: {{kind: Job}}, patch: '{operations}'}}]\n",
        "app/a.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a}\nspec: {}\n",
    }
    written = documents(commit(files, {}), "app")
    assert [patched(written)[0].body["spec"] for _ in range(3)] == [{"x": ["y"]}] * 3


def test_an_overlay_in_another_folder() -> None:
    files = {
        "base/kustomization.yaml": "namespace: serving\nresources: [m.yaml]\n",
        "base/m.yaml": json.dumps(VLLM),
        "ha/kustomization.yaml": "resources: [../base]\npatches: [{path: two.yaml, target: {name: m}}]\n",
        "ha/two.yaml": json.dumps(TWO),
    }
    assert gpu_workloads(documents(commit(files, {}), "base"))[0].replicas == 0
    (workload,) = gpu_workloads(documents(commit(files, {}), "ha"))
    assert (workload.namespace, workload.replicas) == ("serving", 2)


ABSENT = [{"op": "replace", "path": "/spec/absent/x", "value": 1}]


@pytest.mark.parametrize(
    ("bodies", "kustomization", "expected"),
    [
        (
            [manifest("Pod", {"containers": [asks("one")]})],
            None,
            "app/0.yaml: Pod m: nvidia.com/gpu is `one`",
        ),
        ([VLLM, ABSENT], patch(name="m"), "app/1.yaml: the patch changes `/spec/absent/x` of Deployment m"),
        ([VLLM, TWO], patch(name="["), "app/1.yaml: the target of a patch is no regular expression"),
        ([VLLM, "text"], patch(), "app/1.yaml: a patch is a mapping or a list"),
    ],
)
def test_what_cannot_be_understood(bodies: list[object], kustomization: Body | None, expected: str) -> None:
    with pytest.raises(TreeError) as caught:
        found(*bodies, kustomization=kustomization)
    assert caught.value.message.startswith(expected)

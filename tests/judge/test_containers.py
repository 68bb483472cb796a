"""What a container has: quantities, mounts, probes, and whether it may go to Hugging Face's hub."""

from fractions import Fraction

import pytest

from aiops.gitops.workloads import Container
from aiops.judge.hub import hub_cache, is_hub_id, missing_offline
from aiops.judge.mounts import mount_of, mounts_of
from aiops.judge.probe import budget_s, container_of, kills, never_ready, refused_with
from aiops.judge.quantity import number_of
from aiops.judge.shared_memory import is_shared_wide
from aiops.snapshot import Json


@pytest.mark.parametrize(
    ("text", "number"),
    [("16Gi", 16 * 1024**3), ("500m", Fraction(1, 2)), ("1.5", Fraction(3, 2)), ("2e3", 2000), ("1k", 1000), (2, 2)],
)
def test_a_quantity_is_a_number(text: object, number: object) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("text", [None, "", "much", "1 Gi", "1GiB"])
def test_what_is_no_quantity_is_no_number(text: object) -> None:
    assert number_of(text) is None


def test_the_deepest_mount_holds_a_path() -> None:
    spec = {"volumes": [{"name": "a", "emptyDir": {}}]}
    mounts = mounts_of(spec, {"volumeMounts": [{"name": "a", "mountPath": "/"}, {"name": "b", "mountPath": "/data/"}]})
    assert [(each.name, each.lost, each.claim) for each in mounts] == [("a", True, ""), ("b", False, "b")]
    for path, name in (("/data/x", "b"), ("/data", "b"), ("/database", "a")):
        found = mount_of(path, mounts)
        assert found is not None
        assert found.name == name
    assert mount_of("/x", mounts[1:]) is None


@pytest.mark.parametrize(
    ("volume", "wide"),
    [({"emptyDir": {"medium": "Memory"}}, True), ({"emptyDir": {}}, False), ({"hostPath": {"path": "/dev/shm"}}, True),
     ({"persistentVolumeClaim": {"claimName": "x"}}, False)],
)  # fmt: skip
def test_shared_memory_is_memory(volume: Json, wide: bool) -> None:
    spec = {"volumes": [{"name": "shm", **volume}]}
    assert is_shared_wide(spec, {"volumeMounts": [{"name": "shm", "mountPath": "/dev/shm"}]}) is wide
    assert not is_shared_wide(spec, {})
    assert is_shared_wide({"hostIPC": True}, {})


def test_a_probe_has_kubernetes_defaults() -> None:
    assert budget_s({}) == 30
    assert budget_s({"initialDelaySeconds": 20, "periodSeconds": 5, "failureThreshold": 60}) == 320


def test_events_tell_of_probes() -> None:
    killed = {"reason": "Killing", "message": "Container vllm failed liveness probe, will be restarted"}
    assert [probe for probe, _ in kills("vllm", [killed])] == ["liveness"]
    assert list(kills("other", [killed])) == []
    refused = {"reason": "Unhealthy", "message": "Readiness probe failed: HTTP probe failed with statuscode: 401"}
    assert refused_with(refused) == "401"
    assert refused_with({**refused, "message": refused["message"].replace("401", "503")}) == ""
    assert container_of({"involvedObject": {"fieldPath": "spec.containers{vllm}"}}) == "vllm"
    assert container_of({}) == ""


@pytest.mark.parametrize(
    ("status", "since", "never"),
    [("False", "2026-01-01T00:00:05Z", True), ("False", "2026-01-01T00:10:00Z", False),
     ("True", "2026-01-01T00:00:05Z", False)],
)  # fmt: skip
def test_a_pod_that_was_never_ready(status: str, since: str, never: bool) -> None:
    conditions = [
        {"type": "PodScheduled", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"},
        {"type": "Ready", "status": status, "lastTransitionTime": since},
    ]
    assert never_ready({"status": {"conditions": conditions}}) is never
    assert not never_ready({"status": {}})


def test_a_path_and_a_url_are_no_ids_of_the_hub() -> None:
    assert is_hub_id("Qwen/Qwen2.5-0.5B-Instruct")
    assert not any(map(is_hub_id, ("/mnt/models", "./x/y", "hf://a/b", "s3://b/k", "$(MODEL)", "a/b/c", "")))


def test_where_and_whether_a_container_meets_the_hub() -> None:
    def container(**variables: str) -> Container:
        return Container((), {"env": [{"name": name, "value": each} for name, each in variables.items()]})

    assert hub_cache(container(HF_HOME="/models", HOME="/tmp")) == "/models/hub"
    assert hub_cache(container(HF_HUB_CACHE="/hub", HF_HOME="/models")) == "/hub"
    assert hub_cache(container(HOME="/home/x")) == "/home/x/.cache/huggingface/hub"
    assert hub_cache(container()) == ""
    assert missing_offline(container(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="0")) == ("TRANSFORMERS_OFFLINE",)

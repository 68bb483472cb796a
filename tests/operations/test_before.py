"""What is looked at before a model is scaled up, and what then stands in the way: all of it, each with its cure."""

from typing import Any

import pytest

from aiops.errors import Forbidden, Refused, Unreachable
from aiops.operations.before import look_before, refuse
from aiops.operations.models import live_model
from aiops.session import Session
from tests.operations.api import APPLICATIONS, Api, Refusal
from tests.operations.cluster import (
    ALL_PODS,
    DEPLOYMENTS,
    KEY,
    MODEL,
    NODES,
    PODS,
    SCALEDOBJECTS,
    SECRETS,
    Cluster,
    secret,
)

EXTERNALSECRETS = "/apis/external-secrets.io/v1/namespaces/serving/externalsecrets"


@pytest.fixture(autouse=True)
def deployed(api: Api, cluster: Cluster) -> None:
    """A model that nothing stands in the way of."""
    cluster.deploy()
    api.serves("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects")
    api.serves("external-secrets.io", "v1", "ExternalSecret", "externalsecrets")


def look(session: Session, *, anyway: bool = False) -> str:
    """What is refused, and its cure."""
    found = live_model(session, MODEL)
    before = look_before(session, found)
    assert KEY not in repr(before)
    try:
        refuse(found, before, anyway=anyway)
    except Refused as error:
        return f"{error.message}\n{error.hint}"
    return ""


def changed(api: Api, **spec: Any) -> None:
    """The application, with another spec."""
    app = api.objects[f"{APPLICATIONS}/{MODEL}"]
    api.put(APPLICATIONS, {**app, "spec": {**app["spec"], **spec}})


def test_nothing_stands_in_the_way(session: Session, api: Api) -> None:
    assert look(session) == ""
    assert api.patches == []


def test_a_sync_is_running(session: Session, api: Api) -> None:
    app = api.objects[f"{APPLICATIONS}/{MODEL}"]
    status = {**app["status"], "operationState": {"phase": "Running", "message": "waiting for healthy state"}}
    api.put(APPLICATIONS, {**app, "status": status})
    told = look(session)
    assert f"{MODEL} is not scaled up: a sync of application {MODEL} is running: waiting for healthy" in told
    assert "(it could apply the replicas that it read before)" in told
    assert told.endswith("wait until it is over, then run this again")


@pytest.mark.parametrize("half", [{"ignoreDifferences": []}, {"syncPolicy": {}}])
def test_argo_cd_would_set_it_back(session: Session, api: Api, half: dict[str, Any]) -> None:
    changed(api, **half)
    told = look(session)
    assert "Argo CD would set Deployment serving/vllm-qwen back to the replicas of git at the next sync" in told
    assert "ignoreDifferences for /spec/replicas" in told


def test_its_secret_is_not_there(session: Session, api: Api) -> None:
    api.remove(f"{SECRETS}/vllm-api-key")
    assert "Secret serving/vllm-api-key with key api-key is not there" in look(session)


def test_its_secret_does_not_hold_the_key(session: Session, api: Api) -> None:
    api.put(*secret(SECRETS, "vllm-api-key", {"other": "x"}))
    assert "Secret serving/vllm-api-key with key api-key is not there" in look(session)


def test_its_externalsecret_is_not_ready(session: Session, api: Api) -> None:
    api.put(EXTERNALSECRETS, {
        "kind": "ExternalSecret", "metadata": {"name": "vllm-api-key"}, "spec": {},
        "status": {"conditions": [{"type": "Ready", "status": "False", "message": "could not get secret data"}]},
    })  # fmt: skip
    told = look(session)
    assert "ExternalSecret serving/vllm-api-key is not Ready: could not get secret data" in told
    assert told.endswith("kubectl -n serving describe externalsecret vllm-api-key")


@pytest.mark.parametrize(
    ("annotations", "refused"),
    [
        ({}, "is not paused"),
        ({"autoscaling.keda.sh/paused": "true"}, ""),
        ({"autoscaling.keda.sh/paused": "true", "autoscaling.keda.sh/paused-replicas": "0"}, "pins it to 0 replicas"),
    ],
)
def test_keda_would_undo_it(session: Session, cluster: Cluster, annotations: dict[str, str], refused: str) -> None:
    cluster.scaledobject(0, **annotations)
    told = look(session)
    assert refused in told
    assert bool(told) == bool(refused)


def test_without_keda_it_is_not_asked(session: Session, api: Api) -> None:
    api.discovery["items"].clear()
    api.refused["GET", SCALEDOBJECTS] = api.refused["GET", EXTERNALSECRETS] = Refusal(404, "no such kind")
    assert look(session) == ""


def test_another_model_is_on_the_only_gpu(session: Session, cluster: Cluster) -> None:
    cluster.deploy("coder-fim", replicas=1)
    told = look(session)
    assert "no GPU is free: Deployment serving/coder-fim (1 GPU)" in told
    assert "--anyway asks for one more GPU" in told
    assert look(session, anyway=True) == ""
    cluster.node("gpu-more")
    assert look(session) == ""


def test_anyway_is_no_word_for_anything_else(session: Session, api: Api) -> None:
    changed(api, ignoreDifferences=[])
    assert "Argo CD would set" in look(session, anyway=True)


@pytest.mark.parametrize(
    ("denied", "words"),
    [({"get"}, "get"), ({"create"}, "create"), ({"get", "create"}, "get and create")],
)
def test_what_could_never_be_proven_is_not_begun(session: Session, api: Api, denied: set[str], words: str) -> None:
    api.denied = denied
    with pytest.raises(Forbidden, match=f"you may not {words} pods/portforward in serving") as told:
        look(session)
    assert told.value.hint == f"ask for the right to {words} pods/portforward in serving (docs/rbac.yaml)"


def test_all_of_it_at_once(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy("coder-fim", replicas=1)
    cluster.scaledobject(1)
    changed(api, ignoreDifferences=[])
    first, *rest = look(session).splitlines()
    assert first == f"{MODEL} is not scaled up:"
    assert [line.split()[0] for line in rest[:3]] == ["Argo", "ScaledObject", "no"]
    assert all(line.startswith("  ") for line in rest[:3])
    assert len(rest) == 6, "a cure for each"


@pytest.mark.parametrize("path", [
    "/apis/apps/v1/deployments", ALL_PODS, NODES, f"{SECRETS}/vllm-api-key", SCALEDOBJECTS, EXTERNALSECRETS,
])  # fmt: skip
@pytest.mark.parametrize(("status", "kind"), [(403, Forbidden), (503, Unreachable)])
def test_what_cannot_be_read_is_not_taken_for_harmless(
    session: Session, api: Api, path: str, status: int, kind: type[Exception]
) -> None:
    api.refused["GET", path] = Refusal(status, "no")
    with pytest.raises(kind):
        look(session)


def test_the_whole_cluster_is_looked_at_but_other_namespaces_keda_is_not(session: Session, api: Api) -> None:
    look(session)
    paths = {path for _, path in api.seen}
    assert {"/apis/apps/v1/deployments", ALL_PODS, NODES, SCALEDOBJECTS, EXTERNALSECRETS} <= paths
    assert {DEPLOYMENTS, PODS} & paths == set()

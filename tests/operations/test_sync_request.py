"""The operation that a sync consists of, and what keeps it from overwriting another."""

from typing import Any

import pytest

from aiops.clients.kube import Kube
from aiops.errors import Conflict
from aiops.operations.sync_request import is_ours, request_sync, request_termination, sync_operation
from tests.operations.api import APPLICATIONS, Api
from tests.operations.conftest import RUN

OPTIONS, RETRY = ["CreateNamespace=true", "RespectIgnoreDifferences=true"], {"limit": 2, "backoff": {"factor": 3}}
POLICY: dict[str, Any] = {"syncOptions": OPTIONS, "retry": RETRY, "automated": {"prune": True, "selfHeal": True}}
INFO = [{"name": "aiops-run", "value": RUN}]


def app(policy: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    spec = {"project": "p", "syncPolicy": policy} if policy is not None else {"project": "p"}
    return {"metadata": {"name": "model", "resourceVersion": "7"}, "spec": spec, **fields}


@pytest.mark.parametrize(
    ("policy", "as_auto_sync", "sync", "retry"),
    [
        (POLICY, False, {"syncOptions": OPTIONS}, RETRY),
        (POLICY, True, {"syncOptions": OPTIONS, "prune": True}, RETRY),
        ({"syncOptions": OPTIONS}, False, {"syncOptions": OPTIONS}, None),
        ({"automated": {}}, True, {}, {"limit": 5}),
        ({"automated": {"prune": True}}, False, {}, None),
        ({}, False, {}, None),
        (None, False, {}, None),
    ],
)
def test_what_the_application_says_is_copied_and_nothing_else(
    policy: dict[str, Any] | None, as_auto_sync: bool, sync: dict[str, Any], retry: dict[str, Any] | None
) -> None:
    """No revision, source, strategy or resources: Argo CD then takes the application's own."""
    wanted = {"initiatedBy": {"username": "aiops"}, "info": INFO, "sync": sync, **({"retry": retry} if retry else {})}
    assert sync_operation(app(policy), RUN, as_auto_sync=as_auto_sync) == wanted


def test_it_is_guarded_and_clears_the_state_of_the_last_one(kube: Kube, api: Api) -> None:
    api.put(APPLICATIONS, app(POLICY, status={"operationState": {"phase": "Succeeded"}, "sync": {"status": "Synced"}}))
    (found,) = api.objects.values()
    after = request_sync(kube, "argocd", found, RUN, as_auto_sync=False)
    assert after["operation"]["info"] == INFO
    assert after["status"] == {"sync": {"status": "Synced"}}
    assert api.patches[0][2]["metadata"] == {"resourceVersion": found["metadata"]["resourceVersion"]}


def test_an_application_that_changed_is_left_alone(kube: Kube, api: Api) -> None:
    api.put(APPLICATIONS, app(POLICY))
    with pytest.raises(Conflict):
        request_sync(kube, "argocd", app(POLICY), RUN, as_auto_sync=False)
    assert "operation" not in api.objects[f"{APPLICATIONS}/model"]


def test_another_operation_is_not_even_tried_to_overwrite(kube: Kube, api: Api) -> None:
    with pytest.raises(Conflict, match="model is being synced already"):
        request_sync(kube, "argocd", app(POLICY, operation={"sync": {}}), RUN, as_auto_sync=False)
    assert api.seen == []


def test_a_termination_is_guarded_too(kube: Kube, api: Api) -> None:
    api.put(APPLICATIONS, app(POLICY, status={"operationState": {"phase": "Running"}}))
    with pytest.raises(Conflict):
        request_termination(kube, "argocd", app(POLICY))
    (found,) = api.objects.values()
    assert request_termination(kube, "argocd", found)["status"]["operationState"]["phase"] == "Terminating"


@pytest.mark.parametrize(
    ("fields", "ours"),
    [
        ({}, False),
        ({"operation": {"info": INFO}}, True),
        ({"operation": None, "status": {"operationState": {"operation": {"info": INFO}}}}, True),
        ({"operation": {"info": [{"name": "aiops-run", "value": "other"}]}}, False),
        ({"operation": {"info": [{"name": "other", "value": RUN}]}}, False),
        ({"operation": {"sync": {}}, "status": {"operationState": {"operation": {"info": INFO}}}}, False),
        ({"status": {"operationState": None}}, False),
    ],
)
def test_an_operation_is_known_by_its_run(fields: dict[str, Any], ours: bool) -> None:
    assert is_ours(app(**fields), RUN) is ours

"""Server-side apply: what is planned, in which order it is done, and whose fields are taken over."""

from typing import Any

import pytest

from aiops.clients.kube import APPLICATIONSET, APPPROJECT, Kube
from aiops.errors import Forbidden
from aiops.operations.apply import Planned, carry_out, plan
from aiops.progress.events import Event, Said
from tests.operations.api import APPLICATIONSETS, PROJECTS, Api, Refusal

SET = f"{APPLICATIONSETS}/layer"
ENTRIES: dict[str, dict[str, Any]] = {
    "ours": {"manager": "aiops", "operation": "Apply", "fieldsV1": {"f:spec": {"f:a": {}}}},
    "kubectl": {
        "manager": "kubectl-client-side-apply",
        "operation": "Update",
        "fieldsV1": {"f:spec": {"f:b": {}}, "f:metadata": {"f:labels": {".": {}}}},
    },
    "before": {"manager": "before-first-apply", "operation": "Update", "fieldsV1": {"f:spec": {"f:c": {}}}},
    "theirs": {"manager": "argocd-applicationset-controller", "operation": "Update", "fieldsV1": {"f:spec": {}}},
    "kubectl's status": {
        "manager": "kubectl-client-side-apply",
        "operation": "Update",
        "subresource": "status",
        "fieldsV1": {"f:status": {}},
    },
}


def manifest(name: str = "layer", kind: str = "ApplicationSet", **spec: Any) -> dict[str, Any]:
    meta = {"name": name, "namespace": "argocd"}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": meta, "spec": spec}


def live(api: Api, *owners: str, name: str = "layer", **spec: Any) -> None:
    """An object on the cluster with entries of managedFields."""
    body = manifest(name, **spec)
    api.put(APPLICATIONSETS, {**body, "metadata": body["metadata"] | {"managedFields": [ENTRIES[o] for o in owners]}})


def planned(kube: Kube, *manifests: dict[str, Any]) -> tuple[Planned, ...]:
    kinds = {"ApplicationSet": APPLICATIONSET, "AppProject": APPPROJECT}
    return plan(kube, [(kinds[body["kind"]], body) for body in manifests], "argocd")


@pytest.mark.parametrize(
    ("spec", "action", "diff"),
    [
        ({"a": 1}, "unchanged", ""),
        ({"a": 1, "b": {"c": [], "d": "", "e": None}}, "unchanged", ""),
        ({"a": 2}, "change", "-  a: 1\n+  a: 2\n"),
        ({"a": 1, "b": False}, "change", "+  b: false\n"),
    ],
)
def test_a_plan_is_what_the_api_server_would_make_of_it(
    kube: Kube, api: Api, spec: dict[str, Any], action: str, diff: str
) -> None:
    """Empty values make no difference: a controller that writes the object back adds and drops them."""
    live(api, a=1)
    (found,) = planned(kube, manifest(**spec))
    assert found.change.action == action
    assert diff in found.change.diff
    assert bool(diff) == bool(found.change.diff)
    assert [query["dryRun"] for _, query, _ in api.patches] == [["All"]]


def test_what_others_write_meanwhile_is_no_change(kube: Kube, api: Api) -> None:
    live(api, a=1)
    api.meanwhile = {"metadata": {"generation": 2}, "status": {"conditions": [{"type": "ErrorOccurred"}]}}
    assert planned(kube, manifest(a=1))[0].change.action == "unchanged"


def test_it_is_applied_in_order_and_not_past_a_failure(kube: Kube, api: Api) -> None:
    live(api, name="same", a=1)
    plans = planned(
        kube, manifest("project", "AppProject"), manifest("same", a=1), manifest("bad"), manifest("never"),
    )  # fmt: skip
    api.patches.clear()
    api.refused["PATCH", f"{APPLICATIONSETS}/bad"] = Refusal(422, "not so")
    done = carry_out(kube, plans, force=False, report=list[Event]().append)
    assert [(each.name, each.action) for each in done] == [
        ("project", "created"), ("same", "unchanged"), ("bad", "failed"), ("never", "not applied"),
    ]  # fmt: skip
    assert "not so" in done[2].detail
    assert [path for path, _, _ in api.patches] == [f"{PROJECTS}/project"]


def test_nobody_elses_answer_is_a_success(kube: Kube, api: Api) -> None:
    """A cluster that may not be read is no empty cluster."""
    api.refused["GET", SET] = Refusal(403, "no")
    with pytest.raises(Forbidden):
        planned(kube, manifest())


@pytest.mark.parametrize(
    ("owners", "kept", "fields"),
    [
        (["kubectl"], [], {"f:spec": {"f:b": {}}, "f:metadata": {"f:labels": {".": {}}}}),
        (
            ["theirs", "ours", "kubectl", "before"],
            ["theirs"],
            {"f:spec": {"f:a": {}, "f:b": {}, "f:c": {}}, "f:metadata": {"f:labels": {".": {}}}},
        ),
        (["before", "kubectl's status"], ["kubectl's status"], {"f:spec": {"f:c": {}}}),
    ],
)
def test_the_fields_of_kubectl_apply_become_ours(
    kube: Kube, api: Api, told: list[Event], owners: list[str], kept: list[str], fields: dict[str, Any]
) -> None:
    live(api, *owners, a=1)
    plans = planned(kube, manifest(a=1))
    assert (plans[0].change.action, plans[0].change.diff) == ("change", "")
    api.patches.clear()
    version = api.objects[SET]["metadata"]["resourceVersion"]
    assert carry_out(kube, plans, force=False, report=told.append)[0].action == "changed"
    (_, _, patch), (_, query, _) = api.patches
    entries, guard = patch
    assert (entries["op"], entries["path"]) == ("replace", "/metadata/managedFields")
    assert guard == {"op": "replace", "path": "/metadata/resourceVersion", "value": version}
    *others, ours = entries["value"]
    assert others == [ENTRIES[name] for name in kept]
    assert (ours["manager"], ours["operation"], ours["fieldsV1"]) == ("aiops", "Apply", fields)
    assert query["force"] == ["false"]
    assert [each.text for each in told if isinstance(each, Said)] == [
        "ApplicationSet layer: took its fields over from `kubectl apply`"
    ]


@pytest.mark.parametrize("owners", [[], ["ours", "theirs"], ["kubectl's status"]])
def test_nothing_foreign_is_nothing_to_take_over(kube: Kube, api: Api, told: list[Event], owners: list[str]) -> None:
    live(api, *owners, a=1)
    plans = planned(kube, manifest(a=1))
    api.patches.clear()
    assert carry_out(kube, plans, force=False, report=told.append)[0].action == "unchanged"
    assert (api.patches, told) == ([], [])


def conflict(*owners: str) -> Refusal:
    causes = [(f".spec.{number}", f'conflict with "{owner}" using v1') for number, owner in enumerate(owners)]
    return Refusal(409, "Apply failed", tuple(causes))


@pytest.mark.parametrize(
    ("owners", "taken"),
    [
        (["argocd-applicationset-controller"], True),
        (["argocd-application-controller", "kubectl-client-side-apply"], True),
        (["argocd-applicationset-controller", "somebody"], False),
        (["somebody"], False),
        (["not-argocd"], False),
        ([], False),
    ],
)
def test_only_argo_cds_own_controllers_give_way(kube: Kube, api: Api, owners: list[str], taken: bool) -> None:
    live(api, a=1)
    plans = planned(kube, manifest(a=2))
    api.conflict[SET] = conflict(*owners)
    (done,) = carry_out(kube, plans, force=False, report=list[Event]().append)
    assert done.action == ("changed" if taken else "failed")
    assert api.objects[SET]["spec"] == {"a": 2 if taken else 1}
    assert all(owner in done.detail for owner in owners if not taken)


def test_force_takes_over_from_anybody(kube: Kube, api: Api) -> None:
    live(api, a=1)
    plans = planned(kube, manifest(a=2))
    api.conflict[SET] = conflict("somebody")
    assert carry_out(kube, plans, force=True, report=list[Event]().append)[0].action == "changed"

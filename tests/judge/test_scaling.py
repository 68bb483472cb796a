"""What stands in the way of scaling a model up, and what only looks like it."""

from typing import Any

import pytest

from aiops.judge.finding import Finding
from aiops.judge.model import model_of
from aiops.judge.scaling import Before, keeps_replicas, refusals
from aiops.snapshot import Json
from tests.judge.models import container, deployment, spec
from tests.judge.saved import changed, saved
from tests.judge.test_keda import PAUSED, PINNED, scaled

RESPECT = "RespectIgnoreDifferences=true"
IGNORED: Json = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}


def application(ignored: Json | None = IGNORED, *options: str, **policy: Any) -> Json:
    """An application that was synced, and leaves the replicas alone where nothing else is said."""
    body = changed(saved("settled"), "spec.syncPolicy", {"syncOptions": list(options or (RESPECT,)), **policy})
    return changed(body, "spec.ignoreDifferences", [ignored] if ignored else None)


def before(**changes: Any) -> Before:
    """A look that nothing stands in the way of, but for the changes."""
    return Before(**{"application": application(), "model": model_of(deployment()), **changes})


def only(**changes: Any) -> Finding:
    [finding] = refusals(before(**changes))
    assert finding.status == "fail"
    assert finding.fix
    return finding


def test_nothing_stands_in_the_way() -> None:
    assert refusals(before()) == ()


COVERED = {
    "of all Deployments": IGNORED,
    "by name": {**IGNORED, "name": "chat"},
    "by namespace": {**IGNORED, "namespace": "models"},
    "by name and namespace": {**IGNORED, "name": "chat", "namespace": "models"},
    "empty words": {**IGNORED, "name": "", "namespace": ""},
    "among others": {**IGNORED, "jsonPointers": ["/spec/template", "/spec/replicas"]},
    "jq": {"group": "apps", "kind": "Deployment", "jqPathExpressions": [".spec.replicas"]},
    "any kind": {**IGNORED, "kind": "*"},
    "any group": {**IGNORED, "group": "*"},
    "kinds by a pattern": {**IGNORED, "kind": "Deploy*"},
}
NOT_COVERED = {
    "nothing": None,
    "another kind": {**IGNORED, "kind": "StatefulSet"},
    "a kind in small letters": {**IGNORED, "kind": "deployment"},
    "another group": {**IGNORED, "group": "extensions"},
    "no group": {"kind": "Deployment", "jsonPointers": ["/spec/replicas"]},
    "no kind": {"group": "apps", "jsonPointers": ["/spec/replicas"]},
    "another name": {**IGNORED, "name": "chat-2"},
    "a name is no pattern": {**IGNORED, "name": "*"},
    "another namespace": {**IGNORED, "namespace": "other"},
    "a namespace is no pattern": {**IGNORED, "namespace": "mod*"},
    "another pointer": {**IGNORED, "jsonPointers": ["/spec/replica"]},
    "jq in the place of a pointer": {**IGNORED, "jsonPointers": [".spec.replicas"]},
    "a pointer in the place of jq": {"group": "apps", "kind": "Deployment", "jqPathExpressions": ["/spec/replicas"]},
    "no path": {"group": "apps", "kind": "Deployment", "jsonPointers": None},
}


@pytest.mark.parametrize("ignored", COVERED.values(), ids=COVERED)
def test_argo_cd_leaves_the_replicas_alone(ignored: Json) -> None:
    assert keeps_replicas(application(ignored), "models", "chat")


@pytest.mark.parametrize("ignored", NOT_COVERED.values(), ids=NOT_COVERED)
def test_argo_cd_would_put_them_back(ignored: Json | None) -> None:
    assert not keeps_replicas(application(ignored), "models", "chat")


@pytest.mark.parametrize(
    "options",
    [["ServerSideApply=true"], ["RespectIgnoreDifferences=false"], ["RespectIgnoreDifferences"], None],
    ids=["another option", "false", "no value", "none"],
)
def test_ignoring_the_difference_is_only_half_of_it(options: list[str] | None) -> None:
    app = changed(application(), "spec.syncPolicy.syncOptions", options)
    assert not keeps_replicas(app, "models", "chat")
    assert not keeps_replicas(changed(app, "spec.syncPolicy", None), "models", "chat")


def test_one_rule_of_several_is_enough() -> None:
    rules = [{**IGNORED, "kind": "Service"}, {**IGNORED, "name": "other"}, IGNORED]
    assert keeps_replicas(changed(application(), "spec.ignoreDifferences", rules), "models", "chat")


@pytest.mark.parametrize(
    ("policy", "when"),
    [
        ({"automated": {"selfHeal": True}}, "at once (selfHeal)"),
        ({"automated": {"selfHeal": False}}, "at the next sync"),
        ({"automated": {"enabled": False, "selfHeal": True}}, "at the next sync"),
        ({"automated": {"enabled": True, "selfHeal": True}}, "at once (selfHeal)"),
        ({"automated": {}}, "at the next sync"),
        ({"automated": None}, "at the next sync"),
        ({}, "at the next sync"),
    ],
    ids=["selfHeal", "not", "switched off", "switched on", "automated", "null", "by hand"],
)
def test_when_it_would_be_put_back(policy: Json, when: str) -> None:
    finding = only(application=application(None, **policy))
    assert (finding.id, finding.about) == ("model.reverted", "Application meter")
    assert finding.symptom == f"Argo CD would set Deployment models/chat back to the replicas of git {when}"
    assert "/spec/replicas" in finding.fix
    assert RESPECT in finding.fix


def test_without_a_policy_it_is_put_back_at_the_next_sync() -> None:
    app = changed(application(None), "spec.syncPolicy", None)
    assert only(application=app).symptom.endswith("at the next sync")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status.operationState.phase": "Running", "status.operationState.finishedAt": None,
          "status.operationState.message": "waiting for hook"}, ": waiting for hook"),
        ({"status.operationState.phase": "Running", "status.operationState.message": "one object failed"},
         ": one object failed"),
        ({"status.operationState.phase": "Terminating", "status.operationState.message": ""}, ""),
        ({"operation": {"sync": {}}}, ": successfully synced (all tasks run)"),
    ],
    ids=["running", "between two tries", "ending, without a word", "asked for"],
)  # fmt: skip
def test_a_running_sync(changes: dict[str, Any], words: str) -> None:
    app = application()
    for path, value in changes.items():
        app = changed(app, path, value)
    finding = only(application=app)
    assert (finding.id, finding.about) == ("model.syncing", "Application meter")
    assert finding.symptom == f"a sync of application meter is running{words}"


@pytest.mark.parametrize("phase", ["Succeeded", "Failed", "Error"])
def test_a_sync_that_is_over(phase: str) -> None:
    assert refusals(before(application=changed(application(), "status.operationState.phase", phase))) == ()


def external(name: str = "key", target: Json | None = None, *conditions: Json, **status: Any) -> Json:
    """An ExternalSecret in namespace models, Ready where nothing else is said."""
    status = {"conditions": list(conditions) or [{"type": "Ready", "status": "True"}], **status}
    return {
        "apiVersion": "external-secrets.io/v1",
        "kind": "ExternalSecret",
        "metadata": {"name": name, "namespace": "models"},
        "spec": {"target": target},
        "status": status,
    }


def not_ready(name: str = "key", message: str = "could not get secret", reason: str = "SecretSyncedError") -> Json:
    failed = {"type": "Ready", "status": "False", "message": message, "reason": reason}
    return external(name, {"name": "key"}, {"type": "Deleted", "status": "False", "message": "no"}, failed)


def test_a_secret_that_is_not_there_and_nobody_makes() -> None:
    finding = only(secret_there=False, externalsecrets=(external("other"), external("key", {"name": "other"})))
    assert (finding.id, finding.about, finding.cause) == ("model.no-secret", "Secret models/key", "")
    assert finding.symptom == "Secret models/key with key api-key is not there, and chat needs it"
    assert finding.fix == "create it, or an ExternalSecret that makes it in models"


def test_a_secret_that_is_not_there_and_its_maker_says_why() -> None:
    finding = only(secret_there=False, externalsecrets=(external(), not_ready("maker"), not_ready("third", "gone")))
    assert finding.id == "model.no-secret"
    assert finding.cause == (
        "ExternalSecret models/maker is not Ready: could not get secret; ExternalSecret models/third is not Ready: gone"
    )
    assert finding.fix == "kubectl -n models describe externalsecret maker"


def test_a_secret_that_is_not_there_though_its_maker_is_ready() -> None:
    finding = only(secret_there=False, externalsecrets=(external("maker", {"name": "key"}),))
    assert (finding.cause, finding.fix) == ("", "kubectl -n models describe externalsecret maker")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (not_ready(), "could not get secret"),
        (not_ready(message=""), "SecretSyncedError"),
        (not_ready(message="line\n  and line"), "line and line"),
        (external("key", None, {"type": "Ready", "status": "Unknown"}), ""),
        (external("key", {}, {"type": "Other", "status": "True"}), "its operator has not looked at it"),
        (changed(external(), "status", None), "its operator has not looked at it"),
        (external(conditions=None), "its operator has not looked at it"),
        (changed(changed(external(), "status", None), "spec", None), "its operator has not looked at it"),
    ],
    ids=["message", "reason", "lines", "not known", "other conditions", "no status", "null", "no spec"],
)
def test_a_secret_whose_maker_is_not_ready(body: Json, words: str) -> None:
    finding = only(externalsecrets=(body,))
    assert (finding.id, finding.about) == ("model.stale-secret", "ExternalSecret models/key")
    assert finding.symptom == f"ExternalSecret models/key is not Ready{f': {words}' if words else ''}"
    assert finding.fix == "kubectl -n models describe externalsecret key"
    assert finding.cause
    assert finding.evidence == ()


def test_of_several_makers_the_one_that_is_not_ready_is_named() -> None:
    finding = only(externalsecrets=(external(), not_ready("second"), not_ready("third", "gone")))
    assert (finding.about, finding.fix) == (
        "ExternalSecret models/second", "kubectl -n models describe externalsecret second",
    )  # fmt: skip
    assert finding.symptom == "ExternalSecret models/second is not Ready: could not get secret"
    assert [each.text for each in finding.evidence] == ["ExternalSecret models/third is not Ready: gone"]


def test_makers_of_other_secrets_do_not_count() -> None:
    others = (changed(not_ready(), "spec.target.name", "other"), changed(not_ready("other"), "spec.target", {}))
    assert refusals(before(externalsecrets=others)) == ()


def test_a_model_without_a_key_needs_no_secret() -> None:
    live = deployment(spec(containers=[container(env=[])]))
    assert refusals(before(model=model_of(live), secret_there=False, externalsecrets=(not_ready(),))) == ()


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (scaled(), ["model.keda"]),
        (scaled(minReplicaCount=1), ["model.keda"]),
        (scaled({PINNED: "0"}), ["model.keda-pinned"]),
        (scaled({PINNED: "1"}), []),
        (scaled({PAUSED: "true"}), []),
        (scaled(target={"name": "other"}), []),
    ],
    ids=["not paused", "which would leave it", "pinned at 0", "pinned at 1", "paused", "of another"],
)
def test_a_scaledobject(body: Json, ids: list[str]) -> None:
    assert [each.id for each in refusals(before(scaledobjects=(body,)))] == ids


def test_all_of_it_is_told_at_once() -> None:
    app = changed(application(None), "operation", {"sync": {}})
    found = refusals(before(application=app, secret_there=False, scaledobjects=(scaled(),)))
    assert [each.id for each in found] == ["model.syncing", "model.reverted", "model.no-secret", "model.keda"]

"""Commits that Argo CD has not read, or cannot sync: pushed to a scenario's platform, and taken back."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from unittest.mock import patch

from aiops.snapshot import Json
from tests.scenarios.breaking import PROFILE, Broken, Environ, settle
from tests.scenarios.by_hand import OFF, stamp
from tests.scenarios.cluster import eventually, get
from tests.scenarios.conftest import Operator

Edit = Callable[[str], str]
CATALOG = "clusters/lab/catalog"
FOLDER = "default"
"""The namespace of what belongs to nobody."""
ELSEWHERE = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: early, namespace: elsewhere}\n"
"""In a namespace that nobody has made."""


def new(text: str) -> Edit:
    """Whatever was there before."""
    return lambda _: text


@contextmanager
def pushed(operator: Operator, edits: Mapping[str, Edit]) -> Iterator[None]:
    """A commit, taken back afterwards."""
    repository = operator.repository
    files = {path: repository.work / path for path in edits}
    before = {path: file.read_text() if file.exists() else None for path, file in files.items()}
    for path, edit in edits.items():
        repository.write(path, edit(before[path] or ""))
    repository.push()
    try:
        yield
    finally:
        for path, text in before.items():
            if text is None:
                files[path].unlink()
            else:
                repository.write(path, text)
        repository.push()
        settle(operator, "wait", *PROFILE)


def app(operator: Operator, name: str) -> Json:
    return get(operator.cluster, "application", name)


def until(operator: Operator, name: str, what: str, holds: Callable[[Json], bool]) -> None:
    """Until an Application's status is so."""
    eventually(operator.cluster, f"{name} {what}", lambda: holds(app(operator, name).get("status", {})))


def failed(status: Json) -> bool:
    """Its sync has failed, whether it is tried again or not."""
    state = status.get("operationState") or {}
    return bool(state.get("phase") in ("Failed", "Error") or (state.get("retryCount") and state.get("message")))


def end_of_retries(operator: Operator, name: str) -> None:
    """As `argocd app terminate-op` does: else nothing newer is synced until they are used up."""
    if app(operator, name)["status"]["operationState"]["phase"] == "Running":
        end = json.dumps({"status": {"operationState": {"phase": "Terminating"}}})
        operator.cluster.kubectl("-n", "argocd", "patch", "application", name, "--type=merge", "-p", end)


def sync(operator: Operator, name: str) -> None:
    outcome = operator("sync", name)
    assert outcome.code == 0, outcome


def webhook(name: str, rules: list[Json], service: str) -> Json:
    """A webhook that may not fail, and whose Service nobody has made."""
    hooks = [
        {
            "name": f"{plural}.{name}", "clientConfig": {"service": {"name": service, "namespace": FOLDER}},
            "rules": [{**rule, "apiVersions": ["*"], "operations": ["CREATE"]}],
            "sideEffects": "None", "admissionReviewVersions": ["v1"], "timeoutSeconds": 1,
        }
        for rule in rules for plural in rule["resources"]
    ]  # fmt: skip
    meta = {"name": name, "annotations": OFF}
    kind = "ValidatingWebhookConfiguration"
    return {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": meta, "webhooks": hooks}


CHECKED = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: checked}\n"
CHECKER = webhook("checker.test", [{"apiGroups": [""], "resources": ["configmaps"]}], "checker")
CHECKER["webhooks"][0]["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": "keda"}}
"""A webhook for the ConfigMaps of one namespace, and one that a commit brings there."""


def committed(ago_s: float) -> Broken:
    """A commit that nobody has told Argo CD of."""

    @contextmanager
    def broken(operator: Operator) -> Iterator[Environ]:
        with ExitStack() as there:
            with patch.dict(os.environ, GIT_COMMITTER_DATE=stamp(ago_s)):
                there.enter_context(pushed(operator, {"NOTE": new("of nothing that is deployed\n")}))
            yield {}

    return broken


@contextmanager
def given_up_on(operator: Operator, path: str, text: str) -> Iterator[None]:
    """A file of keda's that cannot be applied: its sync was tried again as often as it may be, which is once."""

    def once(text: str) -> str:
        few = "  syncPolicy:\n    retry: { limit: 1, backoff: { duration: 1s } }\n"
        return text.replace("  syncPolicy:\n", few)

    with pushed(operator, {f"{CATALOG}/autoscaling/keda.yaml": once}):
        settle(operator, "wait", *PROFILE)
        with pushed(operator, {path: new(text)}):
            operator("wait", *PROFILE, "--timeout", "5s")
            until(operator, "keda", "has given up", lambda status: status["operationState"]["phase"] == "Failed")
            yield


@contextmanager
def gave_up(operator: Operator) -> Iterator[Environ]:
    """Of what needs a namespace that is not there."""
    with given_up_on(operator, "platform/keda/early.yaml", ELSEWHERE):
        yield {}

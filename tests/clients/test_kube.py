"""What is asked of the API: how often, with which words; paging, discovery, the clock."""

import base64
import errno
import traceback
from datetime import UTC, datetime
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
import urllib3

from aiops.clients.kube import (
    APPLICATION,
    CONFIGMAPS,
    DEPLOYMENTS,
    NODES,
    PODS,
    REPLICASETS,
    SECRETS,
    Kind,
    Kube,
)
from aiops.errors import AiopsError, ApiRefused, Forbidden, NotFound, Refused, Unreachable
from tests.clients.conftest import CANARY
from tests.clients.server import Answer, Lines, Reset, Server, Step

SOON = {"Retry-After": "0"}
NOT_SOON = {"Retry-After": "60"}


def page(*names: str, more: str | None = None, kind: str = "PodList") -> Answer:
    items = [{"metadata": {"name": name}} for name in names]
    return Answer(
        200, {"kind": kind, "apiVersion": "v1", "metadata": {"resourceVersion": "7", "continue": more}, "items": items}
    )


@pytest.mark.parametrize("step", [Answer(429, headers=SOON), Answer(500), Answer(503), Answer(504), Reset()])
def test_a_read_is_tried_again(kube: Kube, api: Server, step: Step) -> None:
    api.answer(step, step, Answer(200, {"major": "1"}))
    assert kube.raw("/version") == {"major": "1"}
    assert len(api.seen) == 3


@pytest.mark.parametrize(
    ("step", "times"),
    [(Answer(503), 3), (Answer(503, headers=NOT_SOON), 1), (Answer(404), 1), (Answer(200, b"<html>"), 1)],
)
def test_a_read_is_not_tried_for_ever(kube: Kube, api: Server, step: Step, times: int) -> None:
    api.answer(*[step] * 5)
    with pytest.raises(AiopsError):
        kube.raw("/version")
    assert len(api.seen) == times


def test_time_that_runs_out_before_the_pause(kube: Kube, api: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 5 s there is some left when another try is decided on, and none when its pause begins."""
    ticks = iter([0.0, 0.0, 4.9])
    monkeypatch.setattr("aiops.clients.patience.time", SimpleNamespace(monotonic=lambda: next(ticks, 5.1)))
    api.answer(*[Answer(503)] * 3)
    with pytest.raises(Unreachable, match="503"):
        kube.raw("/version")
    assert len(api.seen) == 2


@pytest.mark.parametrize(
    "step", [Answer(500), Answer(503), Answer(500, {"kind": "Status", "message": "(429)"}), Reset()]
)
def test_a_write_that_may_have_happened_is_not_sent_again(kube: Kube, api: Server, step: Step) -> None:
    api.answer(step, Answer())
    with pytest.raises(Unreachable):
        kube.merge_patch(APPLICATION, "web", "argocd", {})
    assert len(api.seen) == 1


def test_a_write_that_was_one_too_many_is_sent_again(kube: Kube, api: Server) -> None:
    api.answer(Answer(429, headers=SOON), Answer())
    kube.merge_patch(APPLICATION, "web", "argocd", {"spec": {}})
    assert [each.body for each in api.seen] == [{"spec": {}}] * 2


def test_a_write_that_nobody_listened_to_is_sent_again(
    kube: Kube, api: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, tries = urllib3.util.connection.create_connection, []

    def refused_once(*words: Any, **more: Any) -> object:
        tries.append(words)
        if len(tries) == 1:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")
        return connect(*words, **more)

    monkeypatch.setattr(urllib3.util.connection, "create_connection", refused_once)
    api.answer(Answer())
    kube.merge_patch(APPLICATION, "web", "argocd", {})
    assert (len(tries), len(api.seen)) == (2, 1)


def test_the_token_is_sent_and_the_request_names_its_sender(kube: Kube, api: Server) -> None:
    api.answer(Answer())
    kube.get(PODS, "a", "web")
    (seen,) = api.seen
    assert seen.path == "/api/v1/namespaces/web/pods/a"
    assert seen.headers["Authorization"] == f"Bearer {CANARY}"
    assert seen.headers["User-Agent"] == "aiops"


@pytest.mark.parametrize(
    ("kind", "namespace", "path"),
    [
        (PODS, None, "/api/v1/pods"),
        (PODS, "web", "/api/v1/namespaces/web/pods"),
        (DEPLOYMENTS, "web", "/apis/apps/v1/namespaces/web/deployments"),
        (REPLICASETS, "web", "/apis/apps/v1/namespaces/web/replicasets"),
        (SECRETS, "web", "/api/v1/namespaces/web/secrets"),
        (CONFIGMAPS, "web", "/api/v1/namespaces/web/configmaps"),
        (NODES, "web", "/api/v1/nodes"),
    ],
)
def test_a_list_asks_for_the_kind_where_it_lives(
    kube: Kube, api: Server, kind: Kind, namespace: str | None, path: str
) -> None:
    api.answer(page())
    kube.list(kind, namespace, labels="app=web,tier!=db")
    assert api.seen[0].path == path
    assert api.seen[0].query == {"labelSelector": ["app=web,tier!=db"], "limit": ["500"]}


def test_a_list_by_fields(kube: Kube, api: Server) -> None:
    api.answer(page("a", more="next"), page("b"))
    kube.list(PODS, fields="spec.nodeName=gpu-0")
    assert [each.query.get("fieldSelector") for each in api.seen] == [["spec.nodeName=gpu-0"]] * 2
    assert "labelSelector" not in api.seen[0].query


@pytest.mark.parametrize("previous", [True, False])
def test_a_log_is_plain_text(kube: Kube, api: Server, previous: bool) -> None:
    api.answer(Answer(200, "née\nsecond line\n".encode()))
    assert kube.log("serving", "web-1", "main", lines=50, previous=previous) == "née\nsecond line\n"
    (seen,) = api.seen
    assert seen.path == "/api/v1/namespaces/serving/pods/web-1/log"
    assert seen.query == {"container": ["main"], "tailLines": ["50"], "previous": [str(previous).lower()]}
    assert seen.headers["Accept"] == "*/*"


def test_of_a_long_text_its_end(kube: Kube, api: Server) -> None:
    api.answer(Lines([b"x" * 50_000, b"y" * 50_000, b"\xff\nKilled\n"]))
    text = kube.text("/long", "read it")
    assert len(text) == 1 << 16
    assert text.startswith("xxx")
    assert text.endswith("yyy\ufffd\nKilled\n")


def test_a_text_is_tried_again(kube: Kube, api: Server) -> None:
    api.answer(Answer(503), Reset(), Answer(200, b"ok"))
    assert kube.text("/readyz", "read it") == "ok"


def test_a_text_that_breaks_off(kube: Kube, api: Server) -> None:
    api.answer(Lines([b"half"], broken=True))
    with pytest.raises(Unreachable, match="cannot read it: "):
        kube.text("/long", "read it")


def test_a_log_that_may_not_be_read(kube: Kube, api: Server) -> None:
    api.answer(Answer(403, {"kind": "Status", "message": "no"}))
    with pytest.raises(Forbidden, match=r"cannot get pods/log web-1 in serving \(403\): no"):
        kube.log("serving", "web-1", "main", lines=50, previous=False)


def secret(**values: bytes) -> Answer:
    data = {name.replace("_", "-"): base64.b64encode(value).decode() for name, value in values.items()}
    return Answer(200, {"kind": "Secret", "data": data} if values else {"kind": "Secret"})


def test_a_secret_is_decoded_and_kept_as_it_is(kube: Kube, api: Server) -> None:
    api.answer(secret(api_key=b" sk-1\n", other=b"x"))
    assert kube.secret("serving", "model", "api-key") == " sk-1\n"
    assert api.seen[0].path == "/api/v1/namespaces/serving/secrets/model"


@pytest.mark.parametrize(
    ("answer", "hint"), [(secret(b=b"two", a=b"one"), "its keys are a, b"), (secret(), "it has no keys at all")]
)
def test_a_secret_without_the_key(kube: Kube, api: Server, answer: Answer, hint: str) -> None:
    api.answer(answer)
    with pytest.raises(NotFound, match="Secret serving/model has no key `api-key`") as caught:
        kube.secret("serving", "model", "api-key")
    assert (caught.value.status, caught.value.hint) == (404, hint)


def test_a_secret_that_is_not_there(kube: Kube, api: Server) -> None:
    api.answer(Answer(404, {"kind": "Status", "message": 'secrets "model" not found'}))
    with pytest.raises(NotFound, match='secrets "model" not found'):
        kube.secret("serving", "model", "api-key")


def test_a_secret_that_is_no_text_is_not_quoted(kube: Kube, api: Server) -> None:
    api.answer(secret(key=b"canary\xff"))
    with pytest.raises(Refused, match="Secret serving/model: the value of `key` is no text") as caught:
        kube.secret("serving", "model", "key")
    assert "canary" not in "".join(traceback.format_exception(caught.value))


def test_pages_become_one_list(kube: Kube, api: Server) -> None:
    api.answer(page("a", more="next&"), page("b", "c"))
    listing = kube.list(PODS)
    assert [item["metadata"]["name"] for item in listing.items] == ["a", "b", "c"]
    assert {(item["apiVersion"], item["kind"]) for item in listing.items} == {("v1", "Pod")}
    assert listing.resource_version == "7"
    assert [each.query.get("continue") for each in api.seen] == [None, ["next&"]]


def test_a_list_that_expired_between_its_pages_is_asked_for_in_one(kube: Kube, api: Server) -> None:
    api.answer(page("old", more="next"), Answer(410), page("a", "b"))
    assert [item["metadata"]["name"] for item in kube.list(PODS).items] == ["a", "b"]
    assert "limit" not in api.seen[2].query


def test_a_list_that_expires_for_ever_ends(kube: Kube, api: Server) -> None:
    api.answer(page("a", more="next"), Answer(410), Answer(410))
    with pytest.raises(ApiRefused):
        kube.list(PODS)


@pytest.mark.parametrize("items", [{"items": None}, {"items": []}, {}])
def test_an_empty_list_has_many_spellings(kube: Kube, api: Server, items: dict[str, object]) -> None:
    api.answer(Answer(200, {"kind": "PodList", "metadata": {"resourceVersion": "7"}, **items}))
    assert kube.list(PODS).items == ()


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("dry_run", [True, False])
def test_apply_is_server_side_and_strict(kube: Kube, api: Server, force: bool, dry_run: bool) -> None:
    manifest = {"apiVersion": "argoproj.io/v1alpha1", "metadata": {"name": "web", "namespace": "argocd"}}
    api.answer(Answer(200, {"applied": True}))
    assert kube.apply(manifest, APPLICATION, force=force, dry_run=dry_run) == {"applied": True}
    (seen,) = api.seen
    assert (seen.method, seen.body) == ("PATCH", manifest)
    assert seen.path == "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web"
    assert seen.headers["Content-Type"] == "application/apply-patch+yaml"
    dry = {"dryRun": ["All"]} if dry_run else {}
    assert seen.query == {"fieldManager": ["aiops"], "fieldValidation": ["Strict"], "force": [str(force).lower()]} | dry


def test_patches_say_of_which_sort_they_are(kube: Kube, api: Server) -> None:
    api.answer(Answer(), Answer())
    kube.merge_patch(APPLICATION, "web", "argocd", {"operation": None})
    kube.json_patch(APPLICATION, "web", "argocd", [{"op": "remove", "path": "/operation"}])
    sent = [(each.headers["Content-Type"], each.body) for each in api.seen]
    assert sent == [
        ("application/merge-patch+json", {"operation": None}),
        ("application/json-patch+json", [{"op": "remove", "path": "/operation"}]),
    ]


def discovery(group: str, *versions: tuple[str, str]) -> dict[str, object]:
    def resource(plural: str) -> dict[str, object]:
        return {"resource": plural, "responseKind": {"kind": plural.title()[:-1]}, "scope": "Namespaced"}

    found = [{"version": version, "resources": [resource(plural)]} for version, plural in versions]
    return {"metadata": {"name": group}, "versions": found}


def test_discovery_takes_two_requests_and_the_preferred_version(kube: Kube, api: Server) -> None:
    for groups in (
        [discovery("", ("v1", "pods"))],
        [discovery("apps", ("v2", "cats"), ("v1", "cats"), ("v1", "dogs"))],
    ):
        api.answer(Answer(200, {"kind": "APIGroupDiscoveryList", "items": groups}))
    kinds = kube.kinds()
    assert kinds.find("", "Pod") == PODS
    assert kinds.find("apps", "Cat") == Kind("apps", "v2", "Cat", "cats")
    assert kinds.find("apps", "Pod") is None
    assert kinds.known() == {("", "Pod"), ("apps", "Cat"), ("apps", "Dog")}
    assert [each.path for each in api.seen] == ["/api", "/apis"]
    assert "as=APIGroupDiscoveryList" in api.seen[0].headers["Accept"]


def test_a_cluster_that_is_too_old_for_discovery(kube: Kube, api: Server) -> None:
    api.answer(Answer(200, {"kind": "APIVersions"}), Answer(200, {"kind": "APIGroupList"}))
    with pytest.raises(Unreachable, match="no aggregated discovery"):
        kube.kinds()


def test_the_clock_is_the_clusters(kube: Kube, api: Server) -> None:
    then = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
    api.answer(Answer(headers={"Date": format_datetime(then, usegmt=True)}))
    kube.raw("/version")
    assert kube.now().replace(second=0, microsecond=0) == then.replace(second=0)
    assert kube.now() >= then


@pytest.mark.parametrize("date", ["yesterday", ""])
def test_a_date_that_is_none_does_no_harm(kube: Kube, api: Server, date: str) -> None:
    api.answer(Answer(headers={"Date": date}))
    kube.raw("/version")
    assert kube.now().tzinfo is UTC

"""Lists and single objects: selectors, pages, the forms in which they are given, and what is refused."""

import base64
import json

import pytest

from tests.lab.client import APPLICATIONS, METADATA, METADATA_LIST, PROJECTS, TABLE, Client, Json, config_map


def names(listing: Json) -> list[str]:
    return [each["metadata"]["name"] for each in listing["items"]]


@pytest.fixture
def three(admin: Client, namespace: str) -> str:
    """Three ConfigMaps."""
    for name, labels in (("a", {"app": "web", "tier": "1"}), ("b", {"app": "web"}), ("c", {"app": "db", "tier": "2"})):
        admin.create(f"{namespace}/configmaps", config_map(name, labels))
    return f"{namespace}/configmaps"


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("app=web", "ab"), ("app==web,tier", "a"), ("app!=web", "c"), ("!tier", "b"), ("tier", "ac"),
        ("app in (db, x)", "c"), ("app notin (db)", "ab"), ("tier notin (1),app in (web,db)", "bc"), ("nope!=x", "abc"),
        ("tier>1", "c"), ("tier lt 2", "a"), ("app=", ""),
    ],
)  # fmt: skip
def test_labels_select(admin: Client, three: str, selector: str, found: str) -> None:
    assert names(admin.get(f"{three}?labelSelector={selector}")) == list(found)


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("labelSelector=a b", 400, "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("labelSelector=a in (b", 400, "unable to parse requirement: found '', expected: ',' or ')'"),
        ("labelSelector===a", 400, "found '==', expected: !, identifier, or 'end of string'"),
        ("fieldSelector=spec.nodeName", 400, "invalid selector: 'spec.nodeName'; can't understand 'spec.nodeName'"),
        ("fieldSelector=spec.foo=x", 400, "field label not supported: spec.foo"),
        ("limit=x", 400, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ("resourceVersion=x", 400, 'invalid resource version: resourceVersion: Invalid value: "x":'
         ' strconv.ParseUint: parsing "x": invalid syntax'),
        ("resourceVersionMatch=Exact", 422, 'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden:'
         ' resourceVersionMatch is forbidden unless resourceVersion is provided'),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused(admin: Client, query: str, code: int, words: str) -> None:
    assert admin.refusal("GET", f"/api/v1/pods?{query}") == (code, words)


def test_kinds_without_fields_of_their_own_say_so(admin: Client) -> None:
    only = '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'
    assert admin.refusal("GET", "/apis/apps/v1/deployments?fieldSelector=spec.x=y") == (400, only)
    unknown = "field label not supported: spec.x"
    assert admin.refusal("GET", f"{APPLICATIONS}?fieldSelector=spec.x=y") == (400, unknown)


def test_fields_select(admin: Client, three: str, namespace: str) -> None:
    assert names(admin.get(f"{three}?fieldSelector=metadata.name!=b")) == ["a", "c"]
    everywhere = admin.get("/api/v1/configmaps?fieldSelector=metadata.name=b")
    assert names(everywhere) == ["b"]
    admin.create(f"{namespace}/secrets", {"metadata": {"name": "s"}, "type": "example.com/x"})
    assert names(admin.get(f"{namespace}/secrets?fieldSelector=type=example.com/x")) == ["s"]
    assert names(admin.get("/api/v1/nodes?fieldSelector=spec.unschedulable=false")) == ["cpu-0", "cpu-1"]


def test_a_missing_namespace_is_an_empty_one(admin: Client) -> None:
    assert admin.get("/api/v1/namespaces/nope/pods")["items"] == []


def test_pages_show_the_moment_of_the_first(admin: Client, three: str) -> None:
    first = admin.get(f"{three}?limit=2")
    admin.delete(f"{three}/c")
    admin.create(three, config_map("d"))
    rest = admin.get(f"{three}?limit=2&continue={first['metadata']['continue']}")
    assert (names(first), names(rest)) == (["a", "b"], ["c"])
    assert first["metadata"]["resourceVersion"] == rest["metadata"]["resourceVersion"]
    assert (first["metadata"]["remainingItemCount"], "continue" in rest["metadata"]) == (1, False)


def test_a_list_that_is_too_old_cannot_be_continued(admin: Client, three: str) -> None:
    token = base64.b64encode(json.dumps({"v": "meta.k8s.io/v1", "rv": 1, "start": "/x/y"}).encode()).decode()
    code, words = admin.refusal("GET", f"{three}?continue={token}")
    assert code == 410
    assert words.startswith("The provided continue parameter is too old to display a consistent list result.")
    code, words = admin.refusal("GET", f"{three}?continue=abc")
    assert code == 400
    assert words.startswith("invalid continue token")


def test_a_version_that_is_not_there_yet_is_waited_for_in_vain(admin: Client) -> None:
    answer = admin.ask("GET", "/api/v1/pods?resourceVersion=999999999")
    assert (answer.status_code, answer.headers["Retry-After"]) == (504, "1")
    assert answer.json()["message"].startswith("Timeout: Too large resource version: 999999999, current: ")
    assert answer.json()["details"]["retryAfterSeconds"] == 1


def test_items_of_built_in_lists_do_not_say_their_kind(admin: Client, three: str) -> None:
    assert "kind" not in admin.get(three)["items"][0]
    assert admin.get(PROJECTS)["items"][0]["kind"] == "AppProject"


def test_metadata_alone(admin: Client, three: str) -> None:
    listing = admin.get(three, METADATA_LIST)
    assert (listing["kind"], listing["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert [sorted(each) for each in listing["items"]] == [["apiVersion", "kind", "metadata"]] * 3
    one = admin.get(f"{three}/a", f"application/x-unknown,{METADATA}")
    assert (one["kind"], one["metadata"]["name"], "data" in one) == ("PartialObjectMetadata", "a", False)


def test_a_form_that_cannot_be_given_is_refused(admin: Client, three: str) -> None:
    answer = admin.ask("GET", three, accept="application/xml")
    assert (answer.status_code, answer.json()["reason"]) == (406, "NotAcceptable")


def cells(table: Json) -> list[Json]:
    columns = [column["name"] for column in table["columnDefinitions"]]
    return [dict(zip(columns, row["cells"], strict=True)) for row in table["rows"]]


def test_tables_have_the_columns_that_kubectl_prints(admin: Client, namespace: str) -> None:
    service = {"metadata": {"name": "web"}, "spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}}
    admin.create(f"{namespace}/services", service)
    table = admin.get(f"{namespace}/services", TABLE)
    assert (table["kind"], table["rows"][0]["object"]["kind"]) == ("Table", "PartialObjectMetadata")
    (row,) = cells(table)
    assert (row["Name"], row["Type"], row["External-IP"], row["Port(s)"], row["Selector"]) == (
        "web", "ClusterIP", "<none>", "80/TCP", "app=web",
    )  # fmt: skip
    wide = {column["name"] for column in table["columnDefinitions"] if column["priority"]}
    assert wide == {"Selector"}


def test_tables_of_custom_kinds_follow_their_definition(admin: Client) -> None:
    application: Json = {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "table"},
        "spec": {"project": "other", "source": {"repoURL": "x"}, "destination": {"namespace": "default"}},
        "status": {"sync": {"status": "Synced"}, "health": {"status": "Healthy"}},
    }  # fmt: skip
    admin.create(f"{APPLICATIONS}?dryRun=All", application)
    row = cells(admin.ask("POST", f"{APPLICATIONS}?dryRun=All", application, accept=TABLE).json())[0]
    assert row == {
        "Name": "table", "Sync Status": "Synced", "Health Status": "Healthy", "Revision": None, "Project": "other",
    }  # fmt: skip


def test_rows_have_with_them_what_is_asked_for(admin: Client, three: str) -> None:
    assert "object" not in admin.get(f"{three}?includeObject=None", TABLE)["rows"][0]
    assert admin.get(f"{three}?includeObject=Object", TABLE)["rows"][0]["object"]["kind"] == "ConfigMap"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/api/v1/pods/x", 404), ("GET", "/api/v1/namespaces/default/nodes/cpu-0", 404),
        ("GET", "/apis/apps/v2/deployments", 404), ("GET", "/apis/apps/v2", 404),
        ("GET", "/api/v1/namespaces/default/pods/x/nope", 404),
        ("POST", "/api/v1/pods", 405), ("PUT", "/api/v1/pods", 405),
        ("POST", "/api/v1/namespaces/default/pods/x", 405), ("PATCH", "/api/v1/namespaces/default/pods", 405),
    ],
)  # fmt: skip
def test_paths_and_methods_that_do_not_fit(admin: Client, method: str, path: str, code: int) -> None:
    words = {
        404: "the server could not find the requested resource",
        405: "the server does not allow this method on the requested resource",
    }
    assert admin.refusal(method, path, None if method == "GET" else {}) == (code, words[code])

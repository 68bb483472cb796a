"""Who is let in, and what they may: 401, 403, RBAC from what is stored."""

import json
from collections.abc import Callable

import pytest

from aiops.lab.lab import Lab
from tests.lab.client import APPLICATIONS, Client, Json, config_map

Login = Callable[[str], Client]
RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def test_who_brings_no_token_is_anonymous_and_a_bad_one_is_nobody(login: Login) -> None:
    words = (
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope'
    )
    assert login("").refusal("GET", "/api/v1/pods") == (403, words)
    assert login("nope").refusal("GET", "/api/v1/pods") == (401, "Unauthorized")


def test_what_is_open_to_all_is_closed_to_a_bad_token(login: Login) -> None:
    assert login("").ask("GET", "/readyz").text == "ok"
    assert login("").get("/version")["gitVersion"] == "v1.36.3"
    assert login("nope").ask("GET", "/readyz").status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", APPLICATIONS, 'applications.argoproj.io is forbidden: User "viewer" cannot list resource "applications"'
         ' in API group "argoproj.io" in the namespace "argocd"'),
        ("GET", f"{APPLICATIONS}?watch=1", 'applications.argoproj.io is forbidden: User "viewer" cannot watch resource'
         ' "applications" in API group "argoproj.io" in the namespace "argocd"'),
        ("DELETE", "/api/v1/namespaces/default/pods/x", 'pods "x" is forbidden: User "viewer" cannot delete resource'
         ' "pods" in API group "" in the namespace "default"'),
        ("PATCH", "/apis/apps/v1/namespaces/default/deployments/x/scale", 'deployments.apps "x" is forbidden: User'
         ' "viewer" cannot patch resource "deployments/scale" in API group "apps" in the namespace "default"'),
        ("GET", "/metrics", 'forbidden: User "viewer" cannot get path "/metrics"'),
    ],
)  # fmt: skip
def test_the_viewer_is_refused_in_the_real_ones_words(viewer: Client, method: str, path: str, words: str) -> None:
    assert viewer.refusal(method, path, None if method == "GET" else {}) == (403, words)


def test_rights_come_before_the_question_whether_there_is_such_a_thing(admin: Client, viewer: Client) -> None:
    assert viewer.refusal("GET", "/apis/apps/v1/nopes")[0] == 403
    assert admin.refusal("GET", "/apis/apps/v1/nopes") == (404, "the server could not find the requested resource")
    answer = admin.ask("GET", "/apis/nope/v1/foos")
    assert (answer.status_code, answer.text, answer.headers["Content-Type"]) == (
        404, "404 page not found\n", "text/plain; charset=utf-8",
    )  # fmt: skip


def account(login: Login, admin: Client, namespace: str, name: str) -> Client:
    """A ServiceAccount's own client."""
    admin.create(f"{namespace}/serviceaccounts", {"metadata": {"name": name}})
    asked = admin.create(f"{namespace}/serviceaccounts/{name}/token", {"spec": {"expirationSeconds": 600}})
    return login(asked["status"]["token"])


def bind(admin: Client, namespace: str, name: str, rules: list[Json]) -> None:
    place = namespace.rpartition("/")[2]
    where = f"{RBAC}/namespaces/{place}"
    admin.create(f"{where}/roles", {"metadata": {"name": name}, "rules": rules})
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    who = {"kind": "ServiceAccount", "name": name, "namespace": place}
    admin.create(f"{where}/rolebindings", {"metadata": {"name": name}, "roleRef": role, "subjects": [who]})


def test_a_role_holds_in_its_namespace_for_its_resources_and_names(login: Login, admin: Client, namespace: str) -> None:
    robot = account(login, admin, namespace, "robot")
    for name in ("one", "two"):
        admin.create(f"{namespace}/configmaps", config_map(name))
    assert robot.refusal("GET", f"{namespace}/configmaps/one")[0] == 403
    only = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["one"], "verbs": ["get", "list"]}
    bind(admin, namespace, "robot", [only])
    assert robot.get(f"{namespace}/configmaps/one")["metadata"]["name"] == "one"
    assert robot.refusal("GET", f"{namespace}/configmaps/two")[0] == 403
    assert robot.refusal("GET", "/api/v1/namespaces/default/configmaps/one")[0] == 403
    assert robot.refusal("GET", f"{namespace}/configmaps")[0] == 403
    named = robot.get(f"{namespace}/configmaps?fieldSelector=metadata.name=one")
    assert [each["metadata"]["name"] for each in named["items"]] == ["one"]


def test_a_subresource_is_a_right_of_its_own(login: Login, admin: Client, namespace: str) -> None:
    robot = account(login, admin, namespace, "robot")
    bind(admin, namespace, "robot", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["*"]}])
    code, words = robot.refusal("GET", f"{namespace}/pods/x/log")
    assert (code, 'cannot get resource "pods/log"' in words) == (403, True)
    assert robot.refusal("GET", f"{namespace}/pods/x") == (404, 'pods "x" not found')


def test_a_websocket_needs_the_right_to_create_too(login: Login, admin: Client, namespace: str) -> None:
    """Since Kubernetes 1.35."""
    robot = account(login, admin, namespace, "robot")
    bind(admin, namespace, "robot", [{"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get"]}])
    code, words = robot.refusal("GET", f"{namespace}/pods/x/portforward?ports=80")
    assert (code, 'cannot create resource "pods/portforward"' in words) == (403, True)


def test_a_token_ends_with_its_account(login: Login, admin: Client, namespace: str) -> None:
    robot = account(login, admin, namespace, "robot")
    assert robot.ask("GET", "/api").status_code == 200
    admin.delete(f"{namespace}/serviceaccounts/robot")
    assert robot.ask("GET", "/api").status_code == 401


def test_a_role_gathers_the_rules_of_those_that_are_labelled_so(admin: Client, viewer: Client) -> None:
    label = {"rbac.authorization.k8s.io/aggregate-to-view": "true"}
    rules = [{"apiGroups": ["argoproj.io"], "resources": ["*"], "verbs": ["list"]}]
    assert viewer.refusal("GET", APPLICATIONS)[0] == 403
    admin.create(f"{RBAC}/clusterroles", {"metadata": {"name": "more", "labels": label}, "rules": rules})
    assert viewer.get(APPLICATIONS)["kind"] == "ApplicationList"
    admin.delete(f"{RBAC}/clusterroles/more")
    assert viewer.refusal("GET", APPLICATIONS)[0] == 403


def may(client: Client, verb: str, resource: str) -> Json:
    asked = {"verb": verb, "resource": resource, "namespace": "default"}
    status: Json = client.create(REVIEWS, {"spec": {"resourceAttributes": asked}})["status"]
    return status


def test_one_may_ask_what_one_may(admin: Client, viewer: Client) -> None:
    assert may(admin, "delete", "nodes") == {"allowed": True}
    assert may(viewer, "create", "pods") == {"allowed": False}
    by = 'RBAC: allowed by ClusterRoleBinding "viewers" of ClusterRole "view" to Group "viewers"'
    assert may(viewer, "list", "pods") == {"allowed": True, "reason": by}
    rules = viewer.create(f"{REVIEWS.rpartition('/')[0]}/selfsubjectrulesreviews", {"spec": {"namespace": "default"}})
    assert any("pods" in rule["resources"] for rule in rules["status"]["resourceRules"])


def test_one_may_ask_who_one_is(viewer: Client) -> None:
    answer = viewer.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    who = {"username": "viewer", "uid": "viewer", "groups": ["viewers", "system:authenticated"]}
    assert answer["status"] == {"userInfo": who}


def test_kubeconfigs_are_their_owners_alone_and_hold_different_tokens(lab: Lab) -> None:
    paths = (lab.kubeconfig, lab.viewer_kubeconfig)
    assert [path.stat().st_mode & 0o777 for path in (*paths, lab.kubeconfig.parent)] == [0o600, 0o600, 0o700]
    tokens = {json.loads(path.read_text())["users"][0]["user"]["token"] for path in paths}
    assert len(tokens) == 2


def test_to_play_somebody_else_is_not_served(lab: Lab, admin: Client) -> None:
    answer = admin._http.get("/api/v1/pods", headers={"Impersonate-User": "viewer"})
    assert answer.status_code == 501
    assert lab.unserved.pop() == "GET /api/v1/pods"

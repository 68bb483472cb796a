"""The words and figures in the columns that kubectl prints."""

from datetime import UTC, datetime, timedelta

import pytest

from aiops.lab.api.durations import human
from aiops.lab.api.kinds import load
from aiops.lab.api.tables import at, table
from tests.lab.client import Json

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
AN_HOUR_AGO = "2026-11-26T11:00:00Z"


def row(resource: str, body: Json) -> Json:
    body = {**body, "metadata": {"name": "x", "creationTimestamp": AN_HOUR_AGO, **body.get("metadata", {})}}
    found = table(load()[resource], [body], {}, NOW, "None")
    return dict(zip((each["name"] for each in found["columnDefinitions"]), found["rows"][0]["cells"], strict=True))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (185, "3m5s"), (599, "9m59s"), (10_799, "179m"),
        (10_800, "3h"), (3600 * 7 + 60, "7h1m"), (3600 * 47, "47h"), (86_400 * 3, "3d"), (86_400 * 7 + 3600, "7d1h"),
        (86_400 * 729, "729d"), (86_400 * 731, "2y1d"),
    ],
)  # fmt: skip
def test_ages_have_at_most_two_units(seconds: int, words: str) -> None:
    assert human(timedelta(seconds=seconds)) == words


def container(ready: bool = False, restarts: int = 0, ended: str = "", **state: Json) -> Json:
    last = {"lastState": {"terminated": {"finishedAt": ended}}} if ended else {}
    return {"ready": ready, "restartCount": restarts, "state": state, **last}


@pytest.mark.parametrize(
    ("status", "word"),
    [
        ({}, "Unknown"), ({"phase": "Pending"}, "Pending"), ({"phase": "Failed", "reason": "Evicted"}, "Evicted"),
        ({"phase": "Running", "containerStatuses": [container(True, running={})]}, "Running"),
        ({"phase": "Pending", "containerStatuses": [container(waiting={"reason": "ImagePullBackOff"})]},
         "ImagePullBackOff"),
        ({"phase": "Failed", "containerStatuses": [container(terminated={"exitCode": 3})]}, "ExitCode:3"),
        ({"phase": "Running", "containerStatuses": [container(terminated={"reason": "Completed"}),
                                                    container(True, running={})]}, "Running"),
        ({"phase": "Pending", "initContainerStatuses": [container(running={})]}, "Init:0/1"),
        ({"phase": "Pending", "initContainerStatuses": [container(waiting={"reason": "ErrImagePull"})]},
         "Init:ErrImagePull"),
        ({"phase": "Pending", "initContainerStatuses": [container(terminated={"exitCode": 0})]}, "Pending"),
    ],
)  # fmt: skip
def test_a_pod_s_state_is_one_word(status: Json, word: str) -> None:
    pod: Json = {"spec": {"containers": [{}, {}], "initContainers": [{}]}, "status": status}
    assert row("pods", pod)["Status"] == word
    pod["metadata"] = {"deletionTimestamp": AN_HOUR_AGO}
    assert row("pods", pod)["Status"] == "Terminating"


def test_a_pod_s_figures() -> None:
    status = {"containerStatuses": [container(True, 2, AN_HOUR_AGO), container()], "podIP": "10.0.0.1"}
    found = row("pods", {"spec": {"containers": [{}, {}], "nodeName": "n"}, "status": status})
    assert (found["Ready"], found["Restarts"], found["Age"]) == ("1/2", "2 (60m ago)", "60m")
    assert (found["IP"], found["Node"], found["Nominated Node"]) == ("10.0.0.1", "n", "<none>")


def test_nodes() -> None:
    node: Json = {"spec": {"unschedulable": True}, "metadata": {"labels": {"node-role.kubernetes.io/gpu": ""}}}
    assert (row("nodes", node)["Status"], row("nodes", node)["Roles"]) == ("Unknown,SchedulingDisabled", "gpu")
    for state, word in (("True", "Ready"), ("False", "NotReady"), ("Unknown", "NotReady")):
        node = {"spec": {}, "status": {"conditions": [{"type": "Ready", "status": state}]}}
        assert row("nodes", node)["Status"] == word


def test_events_say_how_often_and_since_when() -> None:
    event = {
        "count": 3, "firstTimestamp": "2026-11-26T11:50:00Z", "lastTimestamp": "2026-11-26T11:59:00Z",
        "involvedObject": {"kind": "Pod", "name": "p"}, "reason": "Failed", "message": " no \n",
    }  # fmt: skip
    found = row("events", event)
    assert (found["Last Seen"], found["Object"], found["Message"]) == ("60s (x3 over 10m)", "pod/p", "no")


def test_services_claims_and_jobs() -> None:
    service: Json = {"spec": {"type": "LoadBalancer", "ports": [{"port": 80, "nodePort": 3000}]}}
    assert (row("services", service)["External-IP"], row("services", service)["Port(s)"]) == (
        "<pending>",
        "80:3000/TCP",
    )
    service["status"] = {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "h"}]}}
    assert row("services", service)["External-IP"] == "1.2.3.4,h"
    status: Json = {"phase": "Bound", "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    claim = row("persistentvolumeclaims", {"spec": {"volumeName": "v"}, "status": status})
    assert (claim["Status"], claim["Capacity"], claim["Access Modes"]) == ("Bound", "1Gi", "RWO")
    times = {"startTime": AN_HOUR_AGO, "completionTime": "2026-11-26T11:02:00Z"}
    status = {**times, "succeeded": 1, "conditions": [{"type": "Complete", "status": "True"}]}
    job = row("jobs.batch", {"spec": {"template": {"spec": {"containers": []}}}, "status": status})
    assert (job["Status"], job["Completions"], job["Duration"]) == ("Complete", "1/1", "2m")


def test_an_apiservice_says_why_it_is_not_available() -> None:
    status = {"conditions": [{"type": "Available", "status": "False", "reason": "ServiceNotFound"}]}
    service: Json = {"spec": {"service": {"namespace": "n", "name": "s"}}, "status": status}
    found = row("apiservices.apiregistration.k8s.io", service)
    assert (found["Service"], found["Available"]) == ("n/s", "False (ServiceNotFound)")


def test_other_kinds_have_a_name_and_an_age() -> None:
    assert row("leases.coordination.k8s.io", {}) == {"Name": "x", "Age": "60m"}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".spec.replicas", 2), (".spec.none.more", None), (".spec.list[1]", "b"), (".spec.list[7]", None),
        (".metadata.labels['a\\.b/c']", "d"), ('.status.conditions[?(@.type=="Ready")].status', "True"),
        (".status.conditions[?(@.type=='Other')].status", None),
    ],
)  # fmt: skip
def test_a_definition_s_columns_are_found_by_their_path(path: str, found: object) -> None:
    body = {
        "metadata": {"labels": {"a.b/c": "d"}}, "spec": {"replicas": 2, "list": ["a", "b"]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }  # fmt: skip
    assert at(body, path) == found

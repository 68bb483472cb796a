"""What a look keeps of an object: nothing that may be a secret, and everything that a judgement needs."""

import json
from typing import Any

import pytest

from aiops.judge.alive import controller_stalled, set_controller_stalled
from aiops.judge.application import judge_application
from aiops.judge.bill import bill_of
from aiops.judge.comparison import spec_compared
from aiops.judge.expectation import Expected
from aiops.judge.fields import owner_of
from aiops.judge.operation import operation_of
from aiops.judge.pod import judge_pod
from aiops.judge.raised import Raised, still_raised, when_scaled, who_scaled
from aiops.judge.reason import reason_of
from aiops.judge.stoppable import running_models
from aiops.snapshot import Json
from aiops.snapshot.redact import ANNOTATIONS, HASHED, KINDS, REST, WHOLE, redacted
from tests.checks.cases import healthy
from tests.judge.models import NOW, ago

CANARY = "c4n4ry-5f1e"
LOGIN = f"https://bot:{CANARY}@git.example.com/acme/platform.git"
SALT = "salt"
RAISED = Raised(run="20261124T191614-b947", command="vllm-up", user="ann", at="2026-11-24T19:16:14+00:00")

APPLIED = json.dumps({"kind": "Secret", "data": {"key": CANARY}})
FOREIGN: Json = {
    "kubectl.kubernetes.io/last-applied-configuration": APPLIED,
    "vault.hashicorp.com/token": CANARY,
    "checksum/secret": CANARY,
    "argocd.argoproj.io/manifest-generate-paths": CANARY,
}
MANAGED: list[Json] = [
    {"manager": CANARY, "operation": "Update", "time": ago(50), "fieldsV1": {"f:data": {f"f:{CANARY}": {}}}},
    {
        "manager": "helm",
        "operation": "Apply",
        "time": ago(60),
        "fieldsV1": {
            "f:metadata": {"f:annotations": {f"f:{CANARY}": {}}, "f:finalizers": {f'v:"{CANARY}"': {}}},
            "f:spec": {"f:template": {f'k:{{"name":"{CANARY}"}}': {"f:env": {}}}, "f:replicas": {}},
        },
    },
]
CONTAINER: Json = {
    "name": "vllm",
    "image": "vllm/vllm-openai:v0.23.0",
    "command": ["sh", "-c", f"export KEY={CANARY}"],
    "args": [f"--api-key={CANARY}"],
    "env": [
        {"name": "HF_TOKEN", "value": CANARY},
        {"name": "K", "value": CANARY, "valueFrom": {"secretKeyRef": {"name": "k", "key": "k", "x": CANARY}}},
    ],
    "envFrom": [{"secretRef": {"name": CANARY}}],
    "resources": {"limits": {"nvidia.com/gpu": "1", "memory": "12Gi"}},
    "ports": [{"name": "http", "containerPort": 8000}],
    "livenessProbe": {"httpGet": {"path": "/", "httpHeaders": [{"name": "Authorization", "value": CANARY}]}},
    "startupProbe": {"periodSeconds": 10, "failureThreshold": 60, "exec": {"command": [CANARY]}},
    "lifecycle": {"preStop": {"exec": {"command": [CANARY]}}},
    "terminationMessagePath": f"/{CANARY}",
    "volumeMounts": [{"name": CANARY}],
}
POD_SPEC: Json = {
    "containers": [CONTAINER],
    "initContainers": [{**CONTAINER, "name": "stage"}],
    "ephemeralContainers": [CONTAINER],
    "volumes": [{"name": "x", "secret": {"secretName": CANARY}}],
    "imagePullSecrets": [{"name": CANARY}],
    "serviceAccountName": CANARY,
    "nodeName": "gpu-0",
    "hostAliases": [{"hostnames": [CANARY]}],
}
ENDED: Json = {
    "exitCode": 1,
    "reason": "Error",
    "startedAt": ago(20),
    "finishedAt": ago(10),
    "message": f"the end of a log: Authorization: Bearer {CANARY}",
    "containerID": "x",
}
CONTAINER_STATUS: Json = {
    "name": "vllm",
    "image": "vllm/vllm-openai:v0.23.0",
    "ready": False,
    "started": False,
    "restartCount": 3,
    "containerID": CANARY,
    "state": {"waiting": {"reason": "CrashLoopBackOff", "message": f"back-off pulling {LOGIN}"}},
    "lastState": {"terminated": ENDED},
    "volumeMounts": [{"name": CANARY}],
}
WORKLOAD: Json = {
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "x"}},
        "template": {
            "metadata": {"labels": {"app": "x"}, "annotations": {"vault": CANARY}},
            "spec": POD_SPEC,
        },
        "volumeClaimTemplates": [{"metadata": {"annotations": {"x": CANARY}}}],
    },
    "status": {"replicas": 1, "conditions": [{"type": "Available", "status": "False", "message": f"see {LOGIN}"}]},
}
SOURCE: Json = {
    "repoURL": LOGIN,
    "path": "gateway/litellm",
    "targetRevision": "main",
    "helm": {
        "parameters": [{"name": "masterKey", "value": CANARY}],
        "values": f"key: {CANARY}",
        "valuesObject": {"key": CANARY},
        "fileParameters": [{"name": "x", "path": CANARY}],
    },
    "kustomize": {"commonAnnotations": {"key": CANARY}, "patches": [{"patch": CANARY}]},
    "plugin": {"name": "vault", "env": [{"name": "TOKEN", "value": CANARY}]},
    "directory": {"jsonnet": {"extVars": [{"name": "key", "value": CANARY}]}},
}
COMPARED: Json = {"source": SOURCE, "sources": [SOURCE], "destination": {"server": "https://k", "namespace": "x"}}
OPERATION: Json = {
    "initiatedBy": {"username": "admin"},
    "info": [{"name": "why", "value": CANARY}],
    "retry": {"limit": 5},
    "sync": {"revision": "0123", "source": SOURCE, "sources": [SOURCE], "manifests": [CANARY]},
}
OBJECTS: dict[str, Json] = {
    "Application": {
        "spec": {**COMPARED, "project": "platform", "info": [{"name": "x", "value": CANARY}]},
        "operation": OPERATION,
        "status": {
            "conditions": [{"type": "ComparisonError", "message": f"failed to list refs of {LOGIN}: denied"}],
            "health": {"status": "Degraded", "lastTransitionTime": ago(5)},
            "reconciledAt": ago(5),
            "history": [{"source": SOURCE, "revision": "0123"}],
            "summary": {"externalURLs": [LOGIN], "images": [CANARY]},
            "sourceHydrator": {"currentOperation": {"drySource": SOURCE}},
            "resources": [{"kind": "Secret", "name": "x", "status": "Synced", "health": {"message": CANARY}}],
            "sync": {"status": "OutOfSync", "revision": "0123", "comparedTo": COMPARED},
            "operationState": {
                "phase": "Failed",
                "message": f"could not clone {LOGIN}",
                "operation": OPERATION,
                "syncResult": {
                    "source": SOURCE,
                    "sources": [SOURCE],
                    "revision": "0123",
                    "managedNamespaceMetadata": {"annotations": {"x": CANARY}},
                    "resources": [
                        {
                            "kind": "Job",
                            "name": "x",
                            "status": "SyncFailed",
                            "message": f"no {LOGIN}",
                            "images": [CANARY],
                        }
                    ],
                },
            },
        },
    },
    "ApplicationSet": {
        "spec": {
            "generators": [
                {"git": {"repoURL": LOGIN, "revision": "main", "values": {"key": CANARY}, "template": {"x": CANARY}}},
                {"list": {"elements": [{"key": CANARY}]}},
                {"plugin": {"input": {"parameters": {"key": CANARY}}}},
            ],
            "template": {"spec": {"source": SOURCE}},
            "templatePatch": CANARY,
        },
        "status": {
            "conditions": [{"type": "ErrorOccurred", "status": "True", "message": f"cannot read {LOGIN}"}],
            "resources": [{"health": {"message": CANARY}}],
        },
    },
    "AppProject": {"spec": {"sourceRepos": [LOGIN], "description": CANARY, "roles": [{"jwtTokens": [{"id": CANARY}]}]}},
    "APIService": {"spec": {"group": "g", "caBundle": CANARY}, "status": {"conditions": []}},
    "ConfigMap": {
        "data": {
            "timeout.reconciliation": "180s",
            "dex.config": CANARY,
            "config.yaml": f"key: {CANARY}",
            "resource.customizations.health.argoproj.io_Application": CANARY,
        },
        "binaryData": {"key": CANARY},
    },
    "DaemonSet": WORKLOAD,
    "Deployment": WORKLOAD,
    "Event": {
        "involvedObject": {"kind": "Pod", "uid": "p"},
        "reason": "Failed",
        "message": f"Failed to pull {LOGIN}: denied",
        "lastTimestamp": ago(5),
        "related": {"name": CANARY},
        "source": {"component": CANARY},
    },
    "ExternalSecret": {
        "spec": {
            "secretStoreRef": {"name": "store"},
            "target": {"name": "key", "template": {"data": {"key": CANARY}}},
            "data": [{"secretKey": CANARY, "remoteRef": {"key": CANARY}}],
        },
        "status": {
            "conditions": [{"type": "Ready", "status": "False", "message": f"{LOGIN} says no"}],
            "binding": CANARY,
        },
    },
    "Node": {
        "spec": {"providerID": "gce://x", "taints": [{"key": "nvidia.com/gpu"}], "configSource": CANARY},
        "status": {
            "capacity": {"nvidia.com/gpu": "1"},
            "images": [{"names": [CANARY]}],
            "nodeInfo": {"machineID": CANARY},
        },
    },
    "Pod": {
        "spec": POD_SPEC,
        "status": {
            "phase": "Failed",
            "message": f"could not fetch {LOGIN}",
            "containerStatuses": [CONTAINER_STATUS],
            "initContainerStatuses": [{**CONTAINER_STATUS, "state": {"terminated": ENDED}}],
            "ephemeralContainerStatuses": [CONTAINER_STATUS],
        },
    },
    "ReplicaSet": WORKLOAD,
    "Secret": {"type": "Opaque", "data": {"key": CANARY}, "stringData": {"key": CANARY}, CANARY: CANARY},
    "Service": {
        "spec": {"type": "LoadBalancer", "externalName": CANARY, "selector": {"app": "x"}},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
    },
    "StatefulSet": WORKLOAD,
    "StorageClass": {"provisioner": "x", "parameters": {"secret": CANARY}, "mountOptions": [f"password={CANARY}"]},
}
UNKNOWN: dict[str, Json] = {
    "Cluster": {
        "spec": {"replicas": 1, "password": CANARY, "bootstrap": {"initdb": {"secret": {"name": CANARY}}}},
        "status": {
            "phase": "Setting up primary",
            "conditions": [{"type": "Ready", "status": "False", "message": f"no {LOGIN}"}],
            "secretsResourceVersion": {"key": CANARY},
            "url": LOGIN,
        },
        "data": {"key": CANARY},
        "stringData": CANARY,
    },
    "SecretList": {"items": [{"data": {"key": CANARY}}], "data": CANARY},
    "": {"data": {"key": CANARY}, "spec": CANARY, "status": [CANARY]},
    "PartialObjectMetadata": {"data": {"key": CANARY}},
    "InferenceService": {"spec": {"predictor": {"containers": [CONTAINER]}}, "status": {"url": LOGIN}},
}


def whole(kind: str, body: Json, **meta: Any) -> Json:
    """As the API gives it, with everything in its metadata that others write there."""
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {
            "name": "x",
            "namespace": "ns",
            "uid": "u",
            "creationTimestamp": ago(100),
            "annotations": {**FOREIGN, **meta.pop("annotations", {})},
            "managedFields": [*MANAGED, *meta.pop("managed", ())],
            "finalizers": [CANARY],
            "resourceVersion": CANARY,
            **meta,
        },
        **body,
    }


def test_every_kind_has_an_object_here() -> None:
    assert OBJECTS.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", [*OBJECTS, *UNKNOWN])
def test_no_secret_survives(kind: str) -> None:
    body = whole(kind, {**OBJECTS, **UNKNOWN}[kind])
    assert CANARY in json.dumps(body)
    assert CANARY not in json.dumps(redacted(body, SALT))


@pytest.mark.parametrize("kind", OBJECTS)
def test_a_field_that_nobody_knows_is_left_out(kind: str) -> None:
    """Also where a newer API adds one, beside each field that is kept and inside of it unless that is kept whole."""
    kept = redacted(with_more(whole(kind, OBJECTS[kind])), SALT)
    shape = {"metadata": {}, **KINDS[kind]}
    assert "newField" not in kept
    for name in set(shape) - {"metadata"}:
        if isinstance(shape[name], dict):
            assert "newField" not in kept[name], name
    assert "newField" not in kept["metadata"]


def with_more(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{name: with_more(each) for name, each in value.items()}, "newField": CANARY}
    return [with_more(each) for each in value] if isinstance(value, list) else value


def test_nothing_is_kept_whole_that_may_hold_what_it_likes() -> None:
    """Specs, templates and data are opened field by field."""

    def paths(shape: Any, *way: str) -> Any:
        if shape == WHOLE:
            yield way
        elif isinstance(shape, dict):
            for name, each in shape.items():
                yield from paths(each, *way, name)

    open_ = {way[-1] for kind in KINDS for way in paths(KINDS[kind], kind)}
    assert not open_ & {"spec", "data", "stringData", "env", "args", "command", "template", "annotations", "helm", REST}
    assert {way[:2] for kind in KINDS for way in paths(KINDS[kind], kind) if way[-1] == "status" and len(way) == 2} == {
        (kind, "status") for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")
    }


@pytest.mark.parametrize("password", ["hunter2", "a:b", "a/b", "a@b", "p%40ss", "x?y#z"])
def test_a_login_in_a_message_goes_and_the_rest_of_it_stays(password: str) -> None:
    event = {"message": f"cannot clone https://bot:{password}@git.example.com/x.git and ssh://git@h/y: denied"}
    kept = redacted(whole("Event", event), SALT)["message"]
    assert password not in kept
    assert "git.example.com/x.git and ssh://***@h/y: denied" in kept


def test_a_message_without_a_login_stays_as_it_is() -> None:
    for message in ("see https://argo-cd.readthedocs.io, or ask ops@example.com", "no such host", ""):
        assert redacted(whole("Event", {"message": message}), SALT)["message"] == message


@pytest.mark.parametrize(
    "message",
    [
        f"`helm template . --name-template x --set masterKey={CANARY} --include-crds` failed exit status 1: Error: no",
        f'`helm template . --set-string masterKey={CANARY} --set-json \'a={{"k":"{CANARY}"}}\'` failed exit status 1',
    ],
)
def test_what_helm_was_called_with_is_not_told(message: str) -> None:
    """Argo CD 3.5 puts the whole command into a ComparisonError, with the parameters of the Application."""
    body = whole(
        "Application", {"spec": {}, "status": {"conditions": [{"type": "ComparisonError", "message": message}]}}
    )
    assert CANARY not in json.dumps(redacted(body, SALT))


# --- hashes


def test_a_hash_tells_two_values_apart_and_the_same_as_the_same() -> None:
    one, same, other = (
        redacted(whole("Application", {"spec": {"source": {"helm": {"values": text}}}}), SALT)["spec"]["source"]["helm"]
        for text in ("a: 1", "a: 1", "a: 2")
    )
    assert one == same != other
    assert "a: 1" not in one


def test_the_order_of_fields_is_no_difference() -> None:
    one, other = (
        redacted(whole("Application", {"spec": {"source": {"helm": helm}}}), SALT)["spec"]["source"]
        for helm in ({"a": 1, "b": 2}, {"b": 2, "a": 1})
    )
    assert one == other


def test_another_salt_gives_another_hash() -> None:
    """Otherwise whoever has two looks, or a list of likely passwords, could tell what was hashed."""
    body = whole("Application", {"spec": {"source": {"helm": {"values": "a: 1"}}}})
    one, other = (redacted(body, salt)["spec"]["source"]["helm"] for salt in ("a", "b"))
    assert one != other
    assert len(one) == len(other) == 16


def test_only_sources_are_hashed() -> None:
    def hashed(shape: Any, *way: str) -> Any:
        if shape == HASHED:
            yield way
        elif isinstance(shape, dict):
            for name, each in shape.items():
                yield from hashed(each, *way, name)

    found = {way[-2:] for kind in KINDS for way in hashed(KINDS[kind], kind)}
    assert found == {("source", REST), ("sources", REST)}


def test_of_a_health_check_is_kept_that_it_is_there() -> None:
    kept = redacted({"kind": "ConfigMap", "metadata": {}, **OBJECTS["ConfigMap"]}, SALT)["data"]
    assert kept == {"timeout.reconciliation": "180s", "resource.customizations.health.argoproj.io_Application": None}


# --- what judgements need


def same(judge: Any, body: Json) -> Any:
    """What a judgement says of an object, which is what it says of what is kept of it."""
    before = judge(body)
    assert judge(redacted(body, SALT)) == before
    return before


@pytest.mark.parametrize("sources", ["source", "sources"])
def test_whether_a_spec_was_compared_survives(sources: str) -> None:
    for text, yes in (("a: 1", True), ("a: 2", False)):
        spec = {"repoURL": "https://h/x", "helm": {"values": "a: 1"}}
        done = {**spec, "helm": {"values": text}}
        wrap = [spec] if sources == "sources" else spec
        wrapped = [done] if sources == "sources" else done
        body = whole("Application", {"spec": {sources: wrap}, "status": {"sync": {"comparedTo": {sources: wrapped}}}})
        assert same(spec_compared, body) is yes


def test_a_changed_destination_or_ignored_difference_survives() -> None:
    for field, value in (("destination", {"namespace": "y"}), ("ignoreDifferences", [{"kind": "Deployment"}])):
        body = whole("Application", {"spec": {field: value}, "status": {"sync": {"comparedTo": {}}}})
        assert same(spec_compared, body) is False


def test_who_scaled_a_model_and_when_survives() -> None:
    managed = {"manager": "kubectl", "time": ago(30), "fieldsV1": {"f:spec": {"f:replicas": {}, "f:paused": {}}}}
    body = whole("Deployment", WORKLOAD, managed=[managed])
    assert same(who_scaled, body) == "kubectl"
    assert same(when_scaled, body) is not None
    assert same(lambda each: [str(model) for model in running_models([each], [])], body) == ["Deployment ns/x"]


def test_who_raised_a_model_survives() -> None:
    managed = {"manager": "aiops", "time": ago(30), "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    body = whole("Deployment", WORKLOAD, annotations={"aiops.dev/raised-by": RAISED.annotation()}, managed=[managed])
    assert same(still_raised, body) == RAISED


@pytest.mark.parametrize("name", ["argocd.argoproj.io/refresh", "argocd.argoproj.io/application-set-refresh"])
def test_when_a_refresh_was_asked_for_survives(name: str) -> None:
    managed = {"manager": "aiops", "time": ago(4000), "fieldsV1": {"f:metadata": {"f:annotations": {f"f:{name}": {}}}}}
    body = whole("Application", {"spec": {}}, annotations={name: "normal"}, managed=[managed])
    body["metadata"]["managedFields"] = [managed]
    kept = redacted(body, SALT)
    assert kept["metadata"]["annotations"] == {name: "normal"}
    assert kept["metadata"]["managedFields"] == [managed]


def test_when_an_operation_was_asked_for_survives() -> None:
    managed = {"manager": "argocd", "time": ago(4000), "fieldsV1": {"f:operation": {"f:sync": {"f:revision": {}}}}}
    body = whole("Application", {"spec": {}, "operation": OPERATION}, managed=[managed])
    assert same(lambda each: owner_of(each, "f:operation").get("time", ""), body) == ago(4000)
    assert same(operation_of, body).phase == "pending"
    found = same(lambda each: controller_stalled([each], 180, NOW), body)
    assert found is not None
    assert same(lambda each: set_controller_stalled([each], NOW), whole("ApplicationSet", {})) is None


def test_how_an_application_stands_survives() -> None:
    expected = Expected(name="x", layer="l", group="g", automatic=True, made_by="m", heads={0: ("main", "0123")})
    for name in ("Application",):
        body = whole(name, OBJECTS[name])
        found = same(lambda each: judge_application(each, expected, None).state, body)
        assert found == "waiting"


@pytest.mark.parametrize("kind", [kind for kind in OBJECTS if kind not in ("Application", "Event")])
def test_why_an_object_is_not_well_survives(kind: str) -> None:
    redacted_message = whole(kind, OBJECTS[kind])
    text = json.dumps(redacted_message).replace(f"bot:{CANARY}", "***")
    same(reason_of, json.loads(text))


@pytest.mark.parametrize("phase", ["Running", "Failed"])
def test_why_a_pod_is_not_well_survives_without_the_end_of_its_log(phase: str) -> None:
    pod = json.loads(json.dumps(whole("Pod", OBJECTS["Pod"])).replace(f"bot:{CANARY}", "***"))
    pod["status"]["phase"] = phase
    pod["status"].pop("initContainerStatuses")
    before, after = judge_pod(pod, ()), judge_pod(redacted(pod, SALT), ())
    assert before is not None
    assert after is not None
    assert (after.symptom, after.hope) == (before.symptom, before.hope)
    assert all(each.text for each in after.evidence), "evidence that says nothing"


def test_the_bill_of_a_node_survives() -> None:
    body = whole("Node", OBJECTS["Node"], labels={"cloud.google.com/gke-accelerator": "nvidia-l4"})
    assert same(lambda each: bill_of(each, NOW, {"nvidia-l4": 0.8}), body).gpu == "nvidia-l4"


def test_every_annotation_that_is_kept_is_kept() -> None:
    notes = dict.fromkeys(ANNOTATIONS, "true")
    kept = redacted(whole("Cluster", {}, annotations=notes), SALT)
    assert kept["metadata"]["annotations"] == notes


def test_managers_of_whom_nothing_is_left_are_left_out() -> None:
    kept = redacted(whole("Cluster", {}), SALT)["metadata"]["managedFields"]
    assert [entry["manager"] for entry in kept] == ["helm"]
    assert kept[0]["fieldsV1"]["f:spec"] == {"f:replicas": {}}


def test_an_object_with_nothing_in_it_is_no_trouble() -> None:
    assert redacted({}, SALT) == {"metadata": {}}
    bodies: list[Json] = [{"kind": "Pod"}, {"kind": "Pod", "spec": None, "status": None}, {"kind": None}]
    for body in bodies:
        assert redacted(body, SALT) == {"metadata": {}, **body}


def test_what_is_reduced_once_is_not_reduced_further() -> None:
    """What was saved and read again is the same; but for hashes, which are hashes of hashes then."""
    for name, value in healthy().reads.items():
        if name not in ("applications", "kinds") and isinstance(value, list):
            assert [redacted(body, SALT) for body in value if "metadata" in body] == [
                body for body in value if "metadata" in body
            ]


def test_the_object_itself_is_not_changed() -> None:
    body = whole("Pod", OBJECTS["Pod"])
    before = json.dumps(body)
    redacted(body, SALT)
    assert json.dumps(body) == before

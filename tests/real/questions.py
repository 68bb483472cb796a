"""What is asked of a real API server, to be asked of the lab: stories of requests, which belong together."""

from typing import Any

Json = dict[str, Any]
SPACE = "answers"
CORE, APPS, BATCH = (
    f"/api/v1/namespaces/{SPACE}",
    f"/apis/apps/v1/namespaces/{SPACE}",
    f"/apis/batch/v1/namespaces/{SPACE}",
)
MAPS, PODS, SERVICES, SECRETS = f"{CORE}/configmaps", f"{CORE}/pods", f"{CORE}/services", f"{CORE}/secrets"
CLAIMS, JOBS, DEPLOYMENTS = f"{CORE}/persistentvolumeclaims", f"{BATCH}/jobs", f"{APPS}/deployments"
BINDINGS = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{SPACE}/rolebindings"
APPLICATIONS = f"/apis/argoproj.io/v1alpha1/namespaces/{SPACE}/applications"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
WIDGETS = f"/apis/answers.example/v1/namespaces/{SPACE}/widgets"
MERGE, OPERATIONS, STRATEGIC, APPLY = (
    "application/merge-patch+json", "application/json-patch+json", "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)  # fmt: skip
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


def get(path: str, **more: Any) -> Json:
    return {"method": "GET", "path": path, **more}


def post(path: str, body: Any, **more: Any) -> Json:
    return {"method": "POST", "path": path, "body": body, **more}


def put(path: str, body: Any, **more: Any) -> Json:
    return {"method": "PUT", "path": path, "body": body, **more}


def delete(path: str, body: Any = None, **more: Any) -> Json:
    return {"method": "DELETE", "path": path, **({} if body is None else {"body": body}), **more}


def patch(path: str, body: Any, media: str = MERGE, **more: Any) -> Json:
    return {"method": "PATCH", "path": path, "body": body, "media": media, **more}


def apply(path: str, body: Any, manager: str = "somebody", query: str = "", **more: Any) -> Json:
    return patch(f"{path}?fieldManager={manager}{query}", body, APPLY, **more)


def named(name: str, **body: Any) -> Json:
    return {"metadata": {"name": name}, **body}


def config_map(name: str, **data: str) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


CONTAINER = {"name": "c", "image": "example.test/c:1"}


def deployment(name: str, **spec: Any) -> Json:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [CONTAINER]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def pod(name: str, **spec: Any) -> Json:
    return named(name, spec={"schedulerName": "nobody", "containers": [CONTAINER], **spec})


def application(name: str, **spec: Any) -> Json:
    source = {"repoURL": "https://example.test/git", "path": "p"}
    spec = {"project": "default", "destination": {"namespace": "x"}, "source": source, **spec}
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": name}, "spec": spec}


def widget(called: str, /, **spec: Any) -> Json:
    spec = {"size": 1, "name": "ab", **spec}
    return {"apiVersion": "answers.example/v1", "kind": "Widget", "metadata": {"name": called}, "spec": spec}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
PORT = {"type": "object", "required": ["port"], "properties": {"port": NUMBER, "name": {**TEXT, "default": "p"}}}
SPEC = {
    "type": "object", "required": ["size", "name"],
    "properties": {
        "size": {**NUMBER, "minimum": 1, "maximum": 5}, "replicas": NUMBER,
        "name": {**TEXT, "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 5},
        "color": {**TEXT, "enum": ["red", "blue"], "default": "red"},
        "tags": {"type": "array", "maxItems": 2, "items": TEXT},
        "ports": {
            "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["port"], "items": PORT,
        },
        "any": {"x-kubernetes-preserve-unknown-fields": True}, "either": {"x-kubernetes-int-or-string": True},
        "null": {**TEXT, "nullable": True}, "inner": {"type": "object", "properties": {"a": TEXT}},
        "map": {"type": "object", "additionalProperties": TEXT},
    },
}  # fmt: skip
STATUS = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
SCHEMA = {"type": "object", "required": ["spec"], "properties": {"spec": SPEC, "status": STATUS}}
SCALE = {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
VERSION = {
    "name": "v1", "served": True, "storage": True, "subresources": {"status": {}, "scale": SCALE},
    "schema": {"openAPIV3Schema": SCHEMA},
}  # fmt: skip
NAMES = {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]}
CRD_SPEC = {"group": "answers.example", "scope": "Namespaced", "names": NAMES, "versions": [VERSION]}

PREPARED = [
    post("/api/v1/namespaces", named(SPACE)),
    get(f"{CORE}/serviceaccounts/default", patient=True),
    post(CRDS, named("widgets.answers.example", spec=CRD_SPEC)),
    get(WIDGETS, patient=True),
]
"""Before the controllers stand still."""

GUARD = "guard.example/hold"
WRITES = [
    post(MAPS, config_map("w", a="b"), name="made"),
    post(MAPS, config_map("w")),
    post(MAPS, {"metadata": {"name": "x", "resourceVersion": "5"}}),
    post(MAPS, {"metadata": {"name": "x", "labels": {}, "annotations": {}, "selfLink": "y"}, "data": {}}),
    post(MAPS, {"metadata": {}}),
    post(MAPS, {"metadata": {"generateName": "g-"}}),
    post(MAPS, {"metadata": {"name": "X_"}}),
    post(MAPS, {"metadata": {"name": "y", "labels": {"ok": "-"}}}),
    post(MAPS, {"metadata": {"name": "y", "namespace": "other"}}),
    post(MAPS, {"metadata": {"name": "y"}, "data": {"a": 1}}),
    post(MAPS, {"metadata": {"name": "y"}, "data": [1]}),
    post(MAPS, {"metadata": {"name": "y", "typo": 1}, "dta": {}}),
    post(f"{MAPS}?fieldValidation=Strict", {"metadata": {"name": "z", "typo": 1}, "dta": {}}),
    post(f"{MAPS}?fieldValidation=Ignore", {"metadata": {"name": "z"}, "dta": {}}),
    post(f"{MAPS}?dryRun=All", config_map("dry")),
    get(f"{MAPS}/dry"),
    post(MAPS, "{nope"),
    post(MAPS, ""),
    post("/api/v1/namespaces/nowhere/configmaps", config_map("w")),
    put(f"{MAPS}/w", config_map("w", a="c"), name="put"),
    put(f"{MAPS}/w", config_map("w", a="c")),
    put(f"{MAPS}/w", {"metadata": {"name": "w", "resourceVersion": "<made.metadata.resourceVersion>"}}),
    put(
        f"{MAPS}/w",
        {"metadata": {"name": "w", "resourceVersion": "<put.metadata.resourceVersion>"}, "data": {"d": "e"}},
    ),
    put(f"{MAPS}/w", {"metadata": {"name": "w", "uid": "another"}}),
    put(f"{MAPS}/w", config_map("v")),
    put(f"{MAPS}/w", {"metadata": {}}),
    put(f"{MAPS}/none", config_map("none")),
    patch(f"{MAPS}/w", {"data": {"f": "g", "d": None}}),
    patch(f"{MAPS}/w", {"data": {"f": "g"}}),
    patch(f"{MAPS}/w", {"metadata": {"resourceVersion": "<made.metadata.resourceVersion>"}, "data": {"f": "h"}}),
    patch(f"{MAPS}/w", {"metadata": {"name": "v"}}),
    patch(f"{MAPS}/none", {"data": {}}),
    patch(f"{MAPS}/w?dryRun=All", {"data": {"dry": "run"}}),
    patch(f"{MAPS}/w", {"immutable": True}),
    patch(f"{MAPS}/w", {"data": {"f": "i"}}),
    patch(f"{MAPS}/w", {"immutable": None}),
    patch(f"{MAPS}/w", {"metadata": {"labels": {"still": "possible"}}}, name="labelled"),
    get(f"{MAPS}/w"),
    get(f"{MAPS}/none"),
]
DELETIONS = [
    post(MAPS, {"metadata": {"name": "d", "finalizers": [GUARD]}, "data": {"a": "b"}}, name="held"),
    post(MAPS, {"metadata": {"name": "e", "finalizers": ["nodomain"]}}),
    delete(f"{MAPS}/d", {"preconditions": {"uid": "another"}}),
    delete(f"{MAPS}/d", {"preconditions": {"resourceVersion": "1"}}),
    delete(f"{MAPS}/d?dryRun=All"),
    get(f"{MAPS}/d"),
    delete(f"{MAPS}/d", {"preconditions": {"uid": "<held.metadata.uid>"}}),
    delete(f"{MAPS}/d"),
    patch(f"{MAPS}/d", {"metadata": {"finalizers": [GUARD, "another.example/hold"]}}),
    patch(f"{MAPS}/d", {"data": {"c": "d"}}),
    patch(f"{MAPS}/d", {"metadata": {"finalizers": None}}),
    get(f"{MAPS}/d"),
    delete(f"{MAPS}/d"),
    post(MAPS, config_map("e")),
    delete(f"{MAPS}/e?dryRun=All"),
    delete(f"{MAPS}/e?propagationPolicy=Foreground"),
    patch(f"{MAPS}/e", {"metadata": {"finalizers": []}}),
    post(MAPS, config_map("f")),
    delete(f"{MAPS}/f?propagationPolicy=Sideways"),
    delete(f"{MAPS}/f", {"propagationPolicy": "Orphan"}),
    patch(f"{MAPS}/f", [{"op": "remove", "path": "/metadata/finalizers"}], OPERATIONS),
    post(PODS, pod("unbound")),
    delete(f"{PODS}/unbound"),
    get(f"{PODS}/unbound"),
    post(PODS, pod("bound", nodeName="nowhere")),
    delete(f"{PODS}/bound"),
    delete(f"{PODS}/bound"),
    delete(f"{PODS}/bound?gracePeriodSeconds=0"),
    get(f"{PODS}/bound"),
    post(MAPS, {"metadata": {"name": "g1", "labels": {"group": "g"}}}),
    post(MAPS, {"metadata": {"name": "g2", "labels": {"group": "g"}}}),
    delete(f"{MAPS}?labelSelector=group%3Dg"),
    get(f"{MAPS}?labelSelector=group%3Dg"),
    post("/api/v1/namespaces", named("answers-going")),
    post("/api/v1/namespaces/answers-going/configmaps", config_map("in")),
    delete("/api/v1/namespaces/answers-going"),
    post("/api/v1/namespaces/answers-going/configmaps", config_map("late")),
    delete("/api/v1/namespaces/answers-going"),
]
BAD_LABELS = {"metadata": {"labels": {"app": "other"}}, "spec": {"containers": [{"name": "C_"}]}}
DRY = f"{DEPLOYMENTS}?dryRun=All"
BUILT_IN = [
    post(DEPLOYMENTS, deployment("d"), name="made"),
    post(DRY, deployment("e", replicas="x")),
    post(DRY, deployment("e", template={"spec": {"containers": [{"name": "c", "image": 5}]}})),
    post(DRY, deployment("e", template={"spec": {"containers": {"name": "c"}}})),
    post(DRY, deployment("e", replicaz=1, strategy={"typ": 1})),
    post(f"{DRY}&fieldValidation=Strict", deployment("e", replicaz=1, strategy={"typ": 1})),
    post(DRY, deployment("e", template={"metadata": {"labels": {"app": "e"}}, "spec": {"containers": []}})),
    post(DRY, deployment("e", template=BAD_LABELS)),
    post(DRY, named("e")),
    post(DRY, deployment("e", strategy={"type": "Sideways"})),
    post(DRY, deployment("e", strategy={"type": "Recreate"}, paused=True)),
    patch(f"{DEPLOYMENTS}/d", {"spec": {"strategy": {"type": "Sideways"}}}),
    patch(f"{DEPLOYMENTS}/d", {"spec": {"selector": {"matchLabels": {"app": "e"}}}}),
    patch(f"{DEPLOYMENTS}/d", {"metadata": {"annotations": {"a": "b"}}}),
    patch(f"{DEPLOYMENTS}/d", {"metadata": {"labels": {"a": "b"}}}),
    patch(f"{DEPLOYMENTS}/d", {"spec": {"replicas": 1}, "status": {"replicas": 7}}),
    patch(f"{DEPLOYMENTS}/d/status", {"spec": {"replicas": 5}, "status": {"replicas": 1}}),
    get(f"{DEPLOYMENTS}/d/status"),
    get(f"{DEPLOYMENTS}/d/scale"),
    patch(f"{DEPLOYMENTS}/d/scale?fieldManager=scaler", {"spec": {"replicas": 2}}),
    patch(f"{DEPLOYMENTS}/d/scale?fieldManager=another", {"spec": {"replicas": 2}}),
    patch(f"{DEPLOYMENTS}/d/scale", {"spec": {"replicas": -1}}),
    put(f"{DEPLOYMENTS}/d/scale", {"metadata": {"name": "d"}, "spec": {"replicas": 3}}),
    get(f"{DEPLOYMENTS}/d"),
    post(SECRETS, named("s", stringData={"a": "b"})),
    post(SECRETS, named("t", data={"a": "%%"})),
    patch(f"{SECRETS}/s", {"type": "other"}),
    patch(f"{SECRETS}/s", {"stringData": {"c": "d"}}),
    post(SERVICES, named("s", spec={"selector": {"a": "b"}, "ports": [{"port": 80}]})),
    post(SERVICES, named("t", spec={})),
    post(SERVICES, named("u.v", spec={"type": "Nope", "ports": [{"port": 80}]})),
    put(f"{SERVICES}/s", named("s", spec={"selector": {"a": "b"}, "ports": [{"port": 81, "name": "http"}]})),
    patch(f"{SERVICES}/s", {"spec": {"clusterIP": "10.0.0.1"}}),
    post(
        f"{PODS}?dryRun=All",
        pod("q", containers=[{**CONTAINER, "resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}}}]),
    ),
    post(PODS, pod("p")),
    patch(f"{PODS}/p", {"spec": {"restartPolicy": "Never"}}),
    patch(f"{PODS}/p", {"spec": {"containers": [{"name": "c", "image": "example.test/d:2"}]}}, STRATEGIC),
    patch(f"{PODS}/p", {"spec": {"containers": [{"name": "d", "image": "example.test/d:2"}]}}, STRATEGIC),
    patch(f"{PODS}/p/status", {"status": {"phase": "Running"}}),
    post(
        JOBS,
        named("j", spec={"suspend": True, "template": {"spec": {"restartPolicy": "Never", "containers": [CONTAINER]}}}),
    ),
    post(JOBS, named("k", spec={"template": {"spec": {"containers": [CONTAINER]}}})),
    post(CLAIMS, named("c", spec={"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1024Mi"}}})),
    patch(f"{CLAIMS}/c", {"spec": {"accessModes": ["ReadWriteMany"]}}),
    post(
        BINDINGS,
        named("r:b", roleRef={"kind": "ClusterRole", "name": "view"}, subjects=[{"kind": "User", "name": "u"}]),
    ),
    patch(f"{BINDINGS}/r:b", {"roleRef": {"name": "edit"}}),
    post("/api/v1/nodes?dryRun=All", named("n", status={"capacity": {"cpu": 2}})),
]
CONTAINERS = "/spec/template/spec/containers"
PATCHES = [
    post(DEPLOYMENTS, {**deployment("p"), "metadata": {"name": "p", "labels": {"l": "m"}, "annotations": {"n": "o"}}}),
    patch(f"{DEPLOYMENTS}/p", [{"op": "test", "path": "/spec/replicas", "value": 77}], OPERATIONS),
    patch(f"{DEPLOYMENTS}/p", [{"op": "remove", "path": "/spec/none"}], OPERATIONS),
    patch(f"{DEPLOYMENTS}/p", [{"op": "replace", "path": "/spec/none/x", "value": 1}], OPERATIONS),
    patch(f"{DEPLOYMENTS}/p", [{"op": "add", "path": f"{CONTAINERS}/7", "value": {}}], OPERATIONS),
    patch(f"{DEPLOYMENTS}/p", [{"op": "frob", "path": "/spec"}], OPERATIONS),
    patch(f"{DEPLOYMENTS}/p", {"op": "test"}, OPERATIONS),
    patch(f"{DEPLOYMENTS}/p", [{"op": "replace", "path": "/spec/none", "value": 1}], OPERATIONS),
    patch(
        f"{DEPLOYMENTS}/p",
        [
            {"op": "test", "path": "/metadata/name", "value": "p"},
            {"op": "add", "path": f"{CONTAINERS}/-", "value": {"name": "side", "image": "example.test/s:1"}},
            {"op": "add", "path": "/metadata/annotations/a~1b", "value": "c"},
            {"op": "copy", "from": "/metadata/annotations/a~1b", "path": "/metadata/labels/copied"},
            {"op": "move", "from": "/metadata/labels/copied", "path": "/metadata/labels/moved"},
        ],
        OPERATIONS,
    ),
    patch(f"{DEPLOYMENTS}/p", [1]),
    patch(f"{DEPLOYMENTS}/p", "{nope"),
    patch(f"{DEPLOYMENTS}/p", {}, "text/plain"),
    patch(f"{DEPLOYMENTS}/p", {"spec": {"replicas": "x"}}),
    patch(f"{DEPLOYMENTS}/p", {"spec": {"typo": 1}}),
    patch(f"{DEPLOYMENTS}/p?fieldValidation=Strict", {"spec": {"typo": 1}}),
    patch(
        f"{DEPLOYMENTS}/p",
        {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [
                            {
                                "name": "new",
                                "image": "example.test/n:1",
                                "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
                            },
                        ]
                    }
                }
            }
        },
        STRATEGIC,
    ),
    patch(
        f"{DEPLOYMENTS}/p",
        {
            "spec": {
                "template": {
                    "spec": {
                        "$setElementOrder/containers": [{"name": "c"}, {"name": "side"}, {"name": "new"}],
                        "containers": [
                            {
                                "name": "new",
                                "env": [{"name": "A", "$patch": "delete"}],
                                "ports": [{"containerPort": 80}],
                            },
                        ],
                    }
                }
            }
        },
        STRATEGIC,
    ),
    patch(f"{DEPLOYMENTS}/p", {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}, STRATEGIC),
    patch(
        f"{DEPLOYMENTS}/p",
        {
            "spec": {
                "template": {
                    "spec": {"containers": [{"$patch": "replace"}, {"name": "only", "image": "example.test/o:1"}]}
                }
            }
        },
        STRATEGIC,
    ),
    patch(f"{DEPLOYMENTS}/p", {"metadata": {"labels": {"$patch": "replace", "one": "left"}}}, STRATEGIC),
    patch(f"{DEPLOYMENTS}/p", {"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}}, STRATEGIC),
    post(MAPS, {"metadata": {"name": "l", "finalizers": ["a.example/x", "b.example/x"]}, "data": {"a": "1"}}),
    patch(
        f"{MAPS}/l",
        {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a.example/x"], "finalizers": ["c.example/x"]}},
        STRATEGIC,
    ),
    patch(f"{MAPS}/l", {"metadata": {"finalizers": None}, "data": {"$patch": "delete"}}, STRATEGIC),
    get(f"{DEPLOYMENTS}/p"),
]
CUSTOM = [
    post(WIDGETS, widget("w", size=9)),
    post(WIDGETS, widget("w", size=0)),
    post(WIDGETS, widget("w", name="A1")),
    post(WIDGETS, widget("w", name="abcdefg")),
    post(WIDGETS, widget("w", color="green")),
    post(WIDGETS, widget("w", tags=["a", "b", "c"])),
    post(WIDGETS, widget("w", tags=[1])),
    post(WIDGETS, widget("w", ports=[{"name": "x"}])),
    post(WIDGETS, widget("w", ports=[{"port": 1}, {"port": 1}])),
    post(WIDGETS, widget("w", either=[1])),
    post(WIDGETS, widget("w", inner="x")),
    post(WIDGETS, widget("w", map={"a": 1})),
    post(WIDGETS, {"apiVersion": "answers.example/v1", "kind": "Widget", **named("w")}),
    post(
        WIDGETS, {"apiVersion": "answers.example/v1", "kind": "Widget", "metadata": {"name": "w", "labels": {"a": 1}}}
    ),
    post(WIDGETS, named("w", spec={})),
    post(f"{WIDGETS}?fieldValidation=Strict", widget("w", typo=1)),
    post(
        WIDGETS,
        widget("w", typo=1, inner={"b": 1}, any={"x": {"y": None}}, null=None, ports=[{"port": 1}], map={}),
        name="made",
    ),
    patch(f"{WIDGETS}/w/status", {"status": {"replicas": 1}, "spec": {"size": 3}, "metadata": {"labels": {"a": "b"}}}),
    patch(f"{WIDGETS}/w", {"status": {"replicas": 5}}),
    patch(f"{WIDGETS}/w", {"metadata": {"labels": {"a": "b"}}}),
    patch(f"{WIDGETS}/w", {"spec": {"size": 2}}),
    patch(f"{WIDGETS}/w", {"spec": {"size": [2]}}),
    patch(f"{WIDGETS}/w", {"spec": {}}, STRATEGIC),
    put(f"{WIDGETS}/w", widget("w")),
    put(
        f"{WIDGETS}/w", {**widget("w"), "metadata": {"name": "w", "resourceVersion": "<made.metadata.resourceVersion>"}}
    ),
    patch(f"{WIDGETS}/w/scale?fieldManager=scaler", {"spec": {"replicas": 4}}),
    get(f"{WIDGETS}/w/scale"),
    get(f"{WIDGETS}/w"),
    post(APPLICATIONS, application("a")),
    patch(f"{APPLICATIONS}/a", {"status": {"health": {"status": "Healthy"}}}),
    patch(f"{APPLICATIONS}/a", {"operation": {"sync": {}}}),
    patch(f"{APPLICATIONS}/a/status", {"status": {}}),
    patch(f"{APPLICATIONS}/a", {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}),
    patch(f"{APPLICATIONS}/a", {"metadata": {"finalizers": [GUARD]}}),
    delete(f"{APPLICATIONS}/a"),
    patch(f"{APPLICATIONS}/a", {"metadata": {"finalizers": None}}),
    post(CRDS, named("wrong.answers.example", spec=CRD_SPEC)),
    post(CRDS, named("widgets.answers.k8s.io", spec={**CRD_SPEC, "group": "answers.k8s.io"})),
]
TWO = [{"name": "one", "image": "example.test/1:1"}, {"name": "two", "image": "example.test/2:1"}]


def applied(name: str, *containers: Json, **spec: Any) -> Json:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": list(containers)}}
    return deployment(name, template=template, **spec)


APPLIES = [
    patch(f"{MAPS}/a", config_map("a"), APPLY),
    apply(f"{MAPS}/a", config_map("a", x="1")),
    apply(f"{MAPS}/a", config_map("a", x="1")),
    apply(f"{MAPS}/a", config_map("a", x="1"), "another"),
    apply(f"{MAPS}/a", config_map("a", x="2"), "another"),
    apply(f"{MAPS}/a", config_map("a", x="2", y="3"), "another", "&force=true"),
    apply(f"{MAPS}/a", config_map("a", y="4", x="9")),
    apply(f"{MAPS}/a", config_map("a", z="5")),
    patch(f"{MAPS}/a?fieldManager=updater", {"data": {"z": "6", "w": "7"}}),
    apply(f"{MAPS}/a", config_map("a", z="5")),
    apply(f"{MAPS}/a", config_map("a", z="6")),
    apply(f"{MAPS}/a", {"apiVersion": "v1", "kind": "ConfigMap", **named("a")}),
    apply(f"{MAPS}/a", {**config_map("a"), "metadata": {"name": "a", "managedFields": []}}),
    apply(f"{MAPS}/a", config_map("b")),
    apply(f"{MAPS}/a", {**config_map("a"), "dta": {}}),
    apply(f"{MAPS}/a", {**config_map("a"), "data": {"x": 1}}),
    apply(f"{MAPS}/a", {**config_map("a"), "data": "x"}),
    apply(f"{MAPS}/a", {**config_map("a"), "immutable": "y"}),
    apply(f"{DEPLOYMENTS}/a", deployment("a", selector={}, template={"spec": {"containers": {}}})),
    apply(f"{MAPS}/a", config_map("a", dry="run"), query="&dryRun=All"),
    apply(f"{MAPS}/b", config_map("b", dry="run"), query="&dryRun=All"),
    get(f"{MAPS}/b"),
    post(
        f"{MAPS}?fieldManager=kubectl-client-side-apply",
        {
            "metadata": {"name": "c", "annotations": {"last-applied": "x"}, "labels": {"l": "m"}},
            "data": {"gone": "1", "x": "2"},
        },
    ),
    apply(f"{MAPS}/c", config_map("c", x="3")),
    patch(
        f"{MAPS}/c",
        [
            {
                "op": "replace",
                "path": "/metadata/managedFields",
                "value": [
                    {
                        "manager": "somebody",
                        "operation": "Apply",
                        "apiVersion": "v1",
                        "time": "2020-01-01T00:00:00Z",
                        "fieldsType": "FieldsV1",
                        "fieldsV1": {
                            "f:data": {".": {}, "f:gone": {}, "f:x": {}},
                            "f:metadata": {
                                "f:annotations": {".": {}, "f:last-applied": {}},
                                "f:labels": {".": {}, "f:l": {}},
                            },
                        },
                    }
                ],
            }
        ],
        OPERATIONS,
    ),
    apply(f"{MAPS}/c", config_map("c", x="3")),
    apply(f"{DEPLOYMENTS}/a", applied("a", *TWO)),
    apply(f"{DEPLOYMENTS}/a", applied("a", *TWO, typo=1)),
    apply(f"{DEPLOYMENTS}/a", applied("a", *TWO, replicas="x")),
    patch(f"{DEPLOYMENTS}/a/scale?fieldManager=scaler", {"spec": {"replicas": 3}}),
    apply(f"{DEPLOYMENTS}/a", applied("a", *TWO)),
    apply(f"{DEPLOYMENTS}/a", applied("a", *TWO, replicas=3)),
    apply(f"{DEPLOYMENTS}/a", applied("a", TWO[1], {"name": "new", "image": "example.test/n:1"}), query="&force=true"),
    patch(
        f"{DEPLOYMENTS}/a?fieldManager=updater",
        {"spec": {"template": {"spec": {"containers": [{"name": "new", "image": "example.test/n:2"}]}}}},
        STRATEGIC,
    ),
    apply(f"{DEPLOYMENTS}/a", applied("a", TWO[1], {"name": "new", "image": "example.test/n:3"})),
    apply(f"{DEPLOYMENTS}/a", applied("a", TWO[0])),
    get(f"{DEPLOYMENTS}/a"),
    apply(f"{DEPLOYMENTS}/o", applied("o", *TWO, {"name": "three", "image": "example.test/3:1"})),
    apply(f"{DEPLOYMENTS}/o", applied("o", {"name": "new", "image": "example.test/n:1"}, TWO[1], TWO[0]), "another"),
    patch(f"{DEPLOYMENTS}/a", [{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}], OPERATIONS),
    patch(
        f"{DEPLOYMENTS}/a",
        {
            "metadata": {
                "managedFields": [
                    {
                        "manager": "old",
                        "operation": "Update",
                        "apiVersion": "apps/v1",
                        "time": "2020-01-01T00:00:00Z",
                        "fieldsType": "FieldsV1",
                        "fieldsV1": {"f:spec": {"f:replicas": {}}},
                    }
                ],
                "labels": {"a": "b"},
            }
        },
    ),
    patch(
        f"{DEPLOYMENTS}/a",
        {
            "metadata": {
                "managedFields": [
                    {
                        "manager": "old",
                        "operation": "Update",
                        "apiVersion": "apps/v1",
                        "time": "2021-01-01T00:00:00Z",
                        "fieldsType": "FieldsV1",
                        "fieldsV1": {"f:spec": {"f:replicas": {}}},
                    }
                ]
            }
        },
    ),
    apply(f"{WIDGETS}/a", widget("a", ports=[{"port": 1, "name": "q"}, {"port": 2}])),
    apply(f"{WIDGETS}/a", widget("a", ports=[{"port": 3}]), "another"),
    apply(f"{WIDGETS}/a", widget("a", ports=[{"port": 2}])),
    apply(f"{WIDGETS}/a", widget("a", ports=[{"port": 3, "name": "r"}], size=2), "third"),
    apply(f"{WIDGETS}/a", widget("a", typo=1)),
]
LISTS = [
    *(
        post(MAPS, {"metadata": {"name": f"list-{n}", "labels": {"list": "yes", "n": str(n)}}}, name=f"list-{n}")
        for n in (1, 2, 3)
    ),
    get(f"{MAPS}?labelSelector=list%3Dyes"),
    get(f"{MAPS}?labelSelector=list%3Dyes%2Cn%21%3D2"),
    get(f"{MAPS}?labelSelector=n%20in%20%281%2C3%29"),
    get(f"{MAPS}?labelSelector=%3D%3D%3D"),
    get(f"{MAPS}?fieldSelector=metadata.name%3Dlist-2"),
    get(f"{MAPS}?fieldSelector=data.a%3D1"),
    get(f"{MAPS}?labelSelector=list%3Dyes&limit=2", name="page"),
    get(f"{MAPS}?labelSelector=list%3Dyes&limit=2&continue=<page.metadata.continue>"),
    get(f"{MAPS}?limit=2&continue=broken"),
    get("/api/v1/namespaces/nowhere/configmaps"),
    get(f"{MAPS}?labelSelector=list%3Dyes", accept=TABLE),
    get(f"{MAPS}?labelSelector=list%3Dyes", accept=METADATA),
    get(f"{MAPS}?resourceVersion=x"),
    patch(f"{MAPS}/list-1", {"metadata": {"labels": {"list": "no"}}}),
    patch(f"{MAPS}/list-2", {"data": {"a": "b"}}),
    delete(f"{MAPS}/list-3"),
    get(f"{MAPS}?watch=1&timeoutSeconds=1&labelSelector=list%3Dyes&resourceVersion=<list-3.metadata.resourceVersion>"),
    get(f"{MAPS}?watch=1&timeoutSeconds=1&sendInitialEvents=true"),
    post(WIDGETS, widget("table")),
    get(f"{WIDGETS}?fieldSelector=metadata.name%3Dtable", accept=TABLE),
]
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


def may(verb: str, resource: str, by: str) -> Json:
    spec = {"resourceAttributes": {"verb": verb, "resource": resource, "namespace": SPACE}}
    return post(
        REVIEW, {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}, by=by
    )


ACCESS = [
    post(MAPS, config_map("seen", a="b")),
    get(MAPS, by="nobody"),
    get(MAPS, by="stranger"),
    get("/version", by="nobody"),
    get("/readyz", by="nobody"),
    get("/livez", by="stranger"),
    get(f"{MAPS}/seen", by="viewer"),
    get(SECRETS, by="viewer"),
    get(f"{SECRETS}/none", by="viewer"),
    get("/api/v1/nodes", by="viewer"),
    post(MAPS, config_map("v"), by="viewer"),
    delete(f"{MAPS}/seen", by="viewer"),
    patch(f"{DEPLOYMENTS}/none/scale", {"spec": {"replicas": 0}}, by="viewer"),
    get(WIDGETS, by="viewer"),
    get("/apis/answers.example/v1/gadgets", by="viewer"),
    get("/apis/answers.example/v1/gadgets"),
    get("/apis/nowhere.example/v1/gadgets"),
    get("/api/v1/gadgets"),
    get("/nowhere"),
    may("get", "configmaps", "viewer"),
    may("get", "secrets", "viewer"),
    may("delete", "configmaps", "admin"),
    post(
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
        {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"},
        by="viewer",
    ),
    post(f"{CORE}/serviceaccounts/none/token", {"spec": {}}),
    put(MAPS, config_map("v")),
    post(f"{MAPS}/seen", config_map("seen")),
]
STORIES = {
    "writes": WRITES, "deletions": DELETIONS, "built-in": BUILT_IN, "patches": PATCHES, "custom": CUSTOM,
    "applies": APPLIES, "lists": LISTS, "access": ACCESS,
}  # fmt: skip

"""The columns of built-in kinds, as kubectl prints them (pkg/printers/internalversion/printers.go)."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from aiops.lab.api.durations import Age, human
from aiops.lab.api.kinds import Json
from aiops.lab.api.pod_columns import pod
from aiops.lab.clock import parse

Cells = Callable[[Json, Age], list[object]]
"""A row, of an object."""
MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
ROLE = "node-role.kubernetes.io/"


def _any(body: Json, age: Age) -> list[object]:
    return [body["metadata"]["name"], _created(body, age)]


def _created(body: Json, age: Age) -> str:
    return age(body["metadata"].get("creationTimestamp"))


def _pairs(labels: Mapping[str, object] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"


def _containers(spec: Json) -> list[object]:
    containers = spec["template"]["spec"]["containers"]
    return [",".join(each["name"] for each in containers), ",".join(each.get("image", "") for each in containers)]


def _selector(spec: Json) -> str:
    return _pairs((spec.get("selector") or {}).get("matchLabels"))


def _deployment(body: Json, age: Age) -> list[object]:
    spec, status = body["spec"], body.get("status") or {}
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [body["metadata"]["name"], ready, *counts, _created(body, age), *_containers(spec), _selector(spec)]


def _replicaset(body: Json, age: Age) -> list[object]:
    spec, status = body["spec"], body.get("status") or {}
    counts = [spec.get("replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [body["metadata"]["name"], *counts, _created(body, age), *_containers(spec), _selector(spec)]


def _statefulset(body: Json, age: Age) -> list[object]:
    ready = f"{(body.get('status') or {}).get('readyReplicas', 0)}/{body['spec'].get('replicas', 1)}"
    return [body["metadata"]["name"], ready, _created(body, age), *_containers(body["spec"])]


def _node(body: Json, age: Age) -> list[object]:
    status, labels = body.get("status") or {}, body["metadata"].get("labels") or {}
    ready = next((each["status"] for each in status.get("conditions") or () if each["type"] == "Ready"), "")
    word = {"True": "Ready", "": "Unknown"}.get(ready, "NotReady")
    word += ",SchedulingDisabled" if body["spec"].get("unschedulable") else ""
    roles = ",".join(sorted(label.removeprefix(ROLE) for label in labels if label.startswith(ROLE)))
    addresses = {each["type"]: each["address"] for each in status.get("addresses") or ()}
    info = status.get("nodeInfo") or {}
    where = [addresses.get(kind, "<none>") for kind in ("InternalIP", "ExternalIP")]
    about = [info.get(key) or "<unknown>" for key in ("osImage", "kernelVersion", "containerRuntimeVersion")]
    name = body["metadata"]["name"]
    return [name, word, roles or "<none>", _created(body, age), info.get("kubeletVersion", ""), *where, *about]


def _namespace(body: Json, age: Age) -> list[object]:
    return [body["metadata"]["name"], (body.get("status") or {}).get("phase", ""), _created(body, age)]


def _event(body: Json, age: Age) -> list[object]:
    about, source, count = body.get("involvedObject") or {}, body.get("source") or {}, body.get("count") or 1
    created = body["metadata"].get("creationTimestamp")
    first = body.get("firstTimestamp") or body.get("eventTime") or created
    last = body.get("lastTimestamp") or first
    seen = age(last) + (f" (x{count} over {age(first)})" if count > 1 else "")
    who = ", ".join(filter(None, (source.get("component"), source.get("host"))))
    what = f"{about.get('kind', '').lower()}/{about.get('name', '')}"
    message, name = (body.get("message") or "").strip(), body["metadata"]["name"]
    return [
        seen, body.get("type", ""), body.get("reason", ""), what, about.get("fieldPath", ""), who, message,
        age(first), count, name,
    ]  # fmt: skip


def _service(body: Json, age: Age) -> list[object]:
    spec = body["spec"]
    ports = ",".join(_port(each) for each in spec.get("ports") or ()) or "<none>"
    kind, address = spec.get("type", "ClusterIP"), spec.get("clusterIP") or "<none>"
    outside = ",".join(_outside(body)) or ("<pending>" if kind == "LoadBalancer" else "<none>")
    selector = _pairs(spec.get("selector"))
    return [body["metadata"]["name"], kind, address, outside, ports, _created(body, age), selector]


def _port(port: Json) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"


def _outside(body: Json) -> Iterator[str]:
    if body["spec"].get("type") == "ExternalName":
        yield body["spec"].get("externalName", "")
    for each in ((body.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ():
        yield each.get("ip") or each.get("hostname") or ""
    yield from body["spec"].get("externalIPs") or ()


def _claim(body: Json, age: Age) -> list[object]:
    spec, status = body["spec"], body.get("status") or {}
    phase = "Terminating" if body["metadata"].get("deletionTimestamp") else status.get("phase", "")
    volume = spec.get("volumeName", "")
    size = (status.get("capacity") or {}).get("storage", "") if volume else ""
    modes = _modes(status.get("accessModes")) if volume else ""
    kind = spec.get("storageClassName") or ""
    mode = spec.get("volumeMode") or "<unset>"
    return [body["metadata"]["name"], phase, volume, size, modes, kind, "<unset>", _created(body, age), mode]


def _modes(modes: Iterable[str] | None) -> str:
    return ",".join(MODES.get(each, each) for each in modes or ())


def _job(body: Json, age: Age) -> list[object]:
    spec, status = body["spec"], body.get("status") or {}
    states = [each["type"] for each in status.get("conditions") or () if each["status"] == "True"]
    word = next((each for each in ("Complete", "Failed", "Suspended") if each in states), "Running")
    done = f"{status.get('succeeded', 0)}/{spec.get('completions') or spec.get('parallelism') or 1}"
    began = status.get("startTime")
    ended = status.get("completionTime")
    took = human(parse(ended) - parse(began)) if ended and began else age(began) if began else ""
    return [body["metadata"]["name"], word, done, took, _created(body, age), *_containers(spec), _selector(spec)]


def _counted(*keys: str) -> Cells:
    def cells(body: Json, age: Age) -> list[object]:
        return [body["metadata"]["name"], sum(len(body.get(key) or ()) for key in keys), _created(body, age)]

    return cells


def _secret(body: Json, age: Age) -> list[object]:
    return [body["metadata"]["name"], body.get("type", ""), len(body.get("data") or ()), _created(body, age)]


def _apiservice(body: Json, age: Age) -> list[object]:
    service, conditions = body["spec"].get("service"), (body.get("status") or {}).get("conditions") or ()
    found = next((each for each in conditions if each["type"] == "Available"), {"status": "Unknown"})
    why = f" ({found['reason']})" if found["status"] != "True" and found.get("reason") else ""
    by = f"{service['namespace']}/{service['name']}" if service else "Local"
    return [body["metadata"]["name"], by, f"{found['status']}{why}", _created(body, age)]


WORKLOAD = "Age|Containers*|Images*|Selector*"
COLUMNS: Mapping[str, tuple[str, Cells]] = {
    "": ("Name|Age", _any),
    "pods": ("Name|Ready|Status|Restarts|Age|IP*|Node*|Nominated Node*|Readiness Gates*", pod),
    "deployments.apps": (f"Name|Ready|Up-to-date|Available|{WORKLOAD}", _deployment),
    "replicasets.apps": (f"Name|Desired|Current|Ready|{WORKLOAD}", _replicaset),
    "statefulsets.apps": ("Name|Ready|Age|Containers*|Images*", _statefulset),
    "nodes": (
        "Name|Status|Roles|Age|Version|Internal-IP*|External-IP*|OS-Image*|Kernel-Version*|Container-Runtime*", _node,
    ),
    "namespaces": ("Name|Status|Age", _namespace),
    "events": ("Last Seen|Type|Reason|Object|Subobject*|Source*|Message|First Seen*|Count*|Name*", _event),
    "services": ("Name|Type|Cluster-IP|External-IP|Port(s)|Age|Selector*", _service),
    "persistentvolumeclaims": (
        "Name|Status|Volume|Capacity|Access Modes|StorageClass|VolumeAttributesClass|Age|VolumeMode*", _claim,
    ),
    "jobs.batch": (f"Name|Status|Completions|Duration|{WORKLOAD}", _job),
    "configmaps": ("Name|Data|Age", _counted("data", "binaryData")),
    "secrets": ("Name|Type|Data|Age", _secret),
    "apiservices.apiregistration.k8s.io": ("Name|Service|Available|Age", _apiservice),
}  # fmt: skip
"""Of each resource, its columns (starred: only with `-o wide`) and what makes a row; of all others, the first."""

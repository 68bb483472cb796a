"""KServe: an InferenceService has a Deployment, unless it is stopped."""

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.api.store import Name
from aiops.lab.cluster import Cluster
from aiops.lab.controllers import condition, itself, owner
from aiops.lab.world.by_hand import is_by_hand
from aiops.lab.world.operators import keep_status
from aiops.lab.world.ownership import reference
from aiops.lab.world.pods import GPU

PART = "kserve-controller-manager"
RESOURCE, DEPLOYMENTS = "inferenceservices.serving.kserve.io", "deployments.apps"
STOP = "serving.kserve.io/stop"
BROUGHT = "kserve-provision-location"
"""The volume of what its storage brings; the real one comes in the pods' webhook."""
WRITER = Writer(user=f"system:serviceaccount:kserve:{PART}", manager=PART)


def start(cluster: Cluster) -> None:
    """Let it run."""

    async def reconcile(key: Name) -> float | None:
        service = cluster.objects.find(RESOURCE, key[1], key[0])
        if service is not None and not is_by_hand(service) and "deletionTimestamp" not in service["metadata"]:
            _settle(cluster, service)
        return None

    cluster.control(PART, PART, reconcile, {RESOURCE: itself, DEPLOYMENTS: owner("InferenceService")})


def _settle(cluster: Cluster, service: Json) -> None:
    meta, now = service["metadata"], cluster.clock.stamp()
    name, namespace = f"{meta['name']}-predictor", meta["namespace"]
    there = cluster.objects.find(DEPLOYMENTS, name, namespace)
    stopped = (meta.get("annotations") or {}).get(STOP) == "true"
    if stopped and there is not None:
        cluster.objects.delete(DEPLOYMENTS, name, namespace, WRITER)
    elif not stopped and there is None:
        cluster.objects.create(DEPLOYMENTS, _predictor(service, name), WRITER)
    if stopped:
        why = ("Stopped", "the service is stopped")
        status: Json = {"conditions": [condition("Ready", False, *why, now=now), condition("Stopped", now=now)]}
    else:
        kinds = ("PredictorReady", "IngressReady", "Ready")
        url = f"http://{meta['name']}-{namespace}.example.com"
        status = {"url": url, "conditions": [condition(kind, now=now) for kind in kinds]}
    keep_status(cluster, RESOURCE, service, status, WRITER)


def _predictor(service: Json, name: str) -> Json:
    predictor = service["spec"].get("predictor") or {}
    model = predictor.get("model") or {}
    one = {"name": "kserve-container", "image": "kserve/huggingfaceserver", "resources": model.get("resources", {})}
    labels = {"serving.kserve.io/inferenceservice": service["metadata"]["name"]}
    spec = {
        "tolerations": [{"key": GPU, "operator": "Exists"}],
        "containers": [_with_storage(each) for each in predictor.get("containers") or [one]],
        "volumes": [*(predictor.get("volumes") or []), {"name": BROUGHT, "emptyDir": {}}],
    }  # fmt: skip
    meta = {"name": name, "namespace": service["metadata"]["namespace"], "labels": labels}
    return {
        "metadata": {**meta, "ownerReferences": [reference(service)]},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }  # fmt: skip


def _with_storage(container: Json) -> Json:
    if all(each["name"] != "STORAGE_URI" for each in container.get("env") or ()):
        return container
    return {
        **container,
        "volumeMounts": [*(container.get("volumeMounts") or ()), {"name": BROUGHT, "mountPath": "/mnt"}],
    }

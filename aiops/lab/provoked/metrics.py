"""Faults of metrics and of who reads them: autoscalers, monitors, exporters; and LiteLLM's own login."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress

from aiops.lab.api.kinds import Json
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.store import Name, name_of
from aiops.lab.cluster import Cluster
from aiops.lab.provoked.hands import LONG_AGO_S, SOMEBODY, annotate, body_of, known, made, whenever
from aiops.lab.provoked.infrastructure import scale
from aiops.lab.world.pods import asks_for_gpu

SCALED, DEPLOYMENTS, SERVICES = "scaledobjects.keda.sh", "deployments.apps", "services"
PAUSED = "autoscaling.keda.sh/paused"
GONE = "http://gone.monitoring.svc:9090"
OLD_QUERY = "avg(vllm:gpu_cache_usage_perc)"
LITELLM, VLLM = "ghcr.io/berriai/litellm:v1.89.2", "vllm/vllm-openai:v0.23.0"
EXPORTER = "nvcr.io/nvidia/k8s/dcgm-exporter:4.2.3-4.1.3-ubuntu22.04"


@contextmanager
def _triggers(cluster: Cluster, change: Json) -> Iterator[None]:
    """Somebody wrote something else into the triggers of every ScaledObject."""
    before: dict[Name, Json] = {}

    def write(body: Json, spec: Json) -> None:
        meta = body["metadata"]
        cluster.objects.edit(SCALED, meta["name"], meta["namespace"], lambda now: {**now, "spec": spec}, SOMEBODY)

    def edit(body: Json) -> None:
        if name_of(body) not in before:
            before[name_of(body)] = body
            triggers = [
                {**each, "metadata": {**each["metadata"], **change}} for each in body["spec"].get("triggers") or ()
            ]
            write(body, {**body["spec"], "triggers": triggers})

    with whenever(cluster, SCALED, edit):
        yield
    for body in before.values():
        with suppress(Refusal):  # it is gone
            write(body, body["spec"])


def nobody_to_ask(cluster: Cluster) -> AbstractContextManager[None]:
    """Autoscalers ask a Prometheus that is not there."""
    return _triggers(cluster, {"serverAddress": GONE})


@contextmanager
def autoscaler_resumed(cluster: Cluster) -> Iterator[None]:
    """Somebody resumed the autoscalers, and did not pause them again."""
    resumed: dict[Name, Json] = {}

    def resume(body: Json) -> None:
        if (body["metadata"].get("annotations") or {}).get(PAUSED) == "true":
            resumed[name_of(body)] = annotate(cluster, SCALED, body, {PAUSED: "false"})

    with whenever(cluster, SCALED, resume):
        yield
    for body in resumed.values():
        annotate(cluster, SCALED, body, {PAUSED: "true"})


@contextmanager
def query_of_old(cluster: Cluster) -> Iterator[None]:
    """Autoscalers ask for a metric of an older vLLM, and a model is up that has it no more."""
    raised: list[Json] = []

    def raise_one(body: Json) -> None:
        if not raised and asks_for_gpu(body["spec"]["template"]):
            raised.append(scale(cluster, body, 1))

    with _triggers(cluster, {"query": OLD_QUERY}), whenever(cluster, DEPLOYMENTS, raise_one):
        yield
    for body in raised:
        with suppress(Refusal):  # it is gone
            scale(cluster, body, 0)


@contextmanager
def model_not_scraped(cluster: Cluster) -> Iterator[None]:
    """A vLLM server that no monitor selects, where Prometheus has monitors."""
    labels = {"app": "unwatched"}
    service = body_of("v1", "Service", "unwatched", {"selector": labels, "ports": [{"name": "http", "port": 8000}]})
    with ExitStack() as stack:
        stack.enter_context(_monitors_served(cluster))
        stack.enter_context(made(cluster, SERVICES, service, ago_s=LONG_AGO_S))
        stack.enter_context(made(cluster, DEPLOYMENTS, _workload("Deployment", "unwatched", VLLM), ago_s=LONG_AGO_S))
        yield


def second_exporter(cluster: Cluster) -> AbstractContextManager[None]:
    """Somebody installs NVIDIA's exporter of GPU metrics beside GKE's own."""
    return made(cluster, "daemonsets.apps", _workload("DaemonSet", "second-exporter", EXPORTER), ago_s=LONG_AGO_S)


@contextmanager
def exporter_not_scraped(cluster: Cluster) -> Iterator[None]:
    """An exporter of GPU metrics that no monitor selects, where Prometheus has monitors."""
    exporter = _workload("DaemonSet", "unscraped-exporter", EXPORTER)
    with _monitors_served(cluster), made(cluster, "daemonsets.apps", exporter, ago_s=LONG_AGO_S):
        yield


def login_of_five(cluster: Cluster) -> AbstractContextManager[None]:
    """A LiteLLM whose own login is on, without a licence and without another one before it."""
    body = _workload("Deployment", "litellm-of-five", LITELLM, env=[{"name": "GENERIC_CLIENT_ID", "value": "litellm"}])
    body["spec"]["replicas"] = 0
    return made(cluster, DEPLOYMENTS, body)


def _monitors_served(cluster: Cluster) -> AbstractContextManager[None]:
    return known(cluster, "servicemonitors.monitoring.coreos.com", "v1", "ServiceMonitor")


def _workload(kind: str, name: str, image: str, **container: object) -> Json:
    labels = {"app": name}
    pods = {"containers": [{"name": "main", "image": image, **container}]}
    template = {"metadata": {"labels": labels}, "spec": pods}
    return body_of("apps/v1", kind, name, {"selector": {"matchLabels": labels}, "template": template})

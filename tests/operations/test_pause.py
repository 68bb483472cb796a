"""KServe's idle pause: which InferenceServices a name means, what is written, and what counts as gone and as up."""

from collections.abc import Callable
from typing import Any

import pytest

from aiops.errors import Forbidden, Refused, WrongUse
from aiops.operations.pause import find_services, pause, resume
from aiops.operations.stopping import STOP
from aiops.progress.events import Event, Looked, Said
from aiops.progress.results import ModelDown, ModelUp
from aiops.session import Session
from tests.operations.api import Api, Json, Refusal
from tests.operations.cluster import GPU, Cluster, ref

AT_ONCE_S, LONG_S = 0.3, 60.0
KSERVE = "/apis/serving.kserve.io/v1beta1"
NAME = "InferenceService demos/qwen-cpu"
LABEL = "serving.kserve.io/inferenceservice"
UP = {"conditions": [{"type": "Ready", "status": "True"}]}


class Services:
    """KServe on the loopback API. What it does of itself may be changed."""

    def __init__(self, api: Api) -> None:
        self.api = api
        api.after = self.react
        self.pods_stay = False
        self.ready = True

    def put(self, name: str = "qwen-cpu", namespace: str = "demos", *, paused: bool = False, gpus: int = 0) -> None:
        limits = {GPU: str(gpus)} if gpus else {}
        predictor = {
            "containers": [{"name": "kserve-container", "resources": {"limits": limits}}],
            "nodeSelector": {"cloud.google.com/gke-accelerator": "nvidia-l4"},
        }
        meta = {"name": name, "annotations": {STOP: "true"} if paused else {}}
        self.api.put(f"{KSERVE}/namespaces/{namespace}/inferenceservices", {
            "apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": meta,
            "spec": {"predictor": predictor}, "status": UP,
        })  # fmt: skip
        if not paused:
            self.pod(name, namespace, gpus)

    def pod(self, name: str = "qwen-cpu", namespace: str = "demos", gpus: int = 0) -> None:
        conditions = [{"type": "Ready", "status": str(self.ready)}]
        container = {"name": "kserve-container", "resources": {"limits": {GPU: str(gpus)} if gpus else {}}}
        self.api.put(f"/api/v1/namespaces/{namespace}/pods", {
            "kind": "Pod", "metadata": {"name": f"{name}-0", "uid": name, "labels": {LABEL: name}},
            "spec": {"nodeName": "gpu-1", "containers": [container]},
            "status": {"phase": "Running", "conditions": conditions},
        })  # fmt: skip

    def react(self, path: str) -> None:
        meta = self.api.objects[path]["metadata"]
        if meta["annotations"].get(STOP) != "true":
            self.pod(meta["name"], meta["namespace"])
        elif not self.pods_stay:
            self.api.remove(f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}-0")

    def note(self, name: str = "qwen-cpu", namespace: str = "demos") -> Any:
        return self.body(name, namespace)["metadata"]["annotations"].get(STOP)

    def body(self, name: str = "qwen-cpu", namespace: str = "demos") -> Json:
        return self.api.objects[f"{KSERVE}/namespaces/{namespace}/inferenceservices/{name}"]

    def somebody(self, value: str | None) -> None:
        body = self.body()
        notes = {STOP: value} if value else {}
        meta = {**body["metadata"], "annotations": notes}
        self.api.put(f"{KSERVE}/namespaces/demos/inferenceservices", {**body, "metadata": meta})


@pytest.fixture
def services(api: Api) -> Services:
    api.serves("serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices")
    return Services(api)


def down(session: Session, name: str = "qwen-cpu", limit_s: float | None = LONG_S) -> ModelDown:
    return pause(session, name, limit_s=limit_s)


def up(session: Session, name: str = "qwen-cpu", limit_s: float | None = LONG_S) -> ModelUp:
    return resume(session, name, limit_s=limit_s)


def said(told: list[Event]) -> str:
    return "\n".join(each.text for each in told if isinstance(each, Said))


def on_look(session: Session, act: Callable[[], object]) -> None:
    report, left = session.report, [act]

    def reported(event: Event) -> None:
        report(event)
        if isinstance(event, Looked) and event.rows and left:
            left.pop()()

    session.report = reported


@pytest.mark.parametrize("name", ["qwen-cpu", "demos/qwen-cpu", "kserve-demo"])
def test_by_its_name_its_place_and_its_application(
    session: Session, services: Services, cluster: Cluster, name: str
) -> None:
    services.put()
    services.put("another", "elsewhere")
    cluster.api.after = services.react
    cluster.application({"metadata": {"name": "kserve-demo"}}, ref("InferenceService", "qwen-cpu", "demos"))
    result = down(session, name)
    assert (result.exit_code, result.summary) == (0, f"{name} is paused: no pod of it is left")
    assert [(each.name, each.action) for each in result.models] == [(NAME, "lowered")]
    assert (services.note(), services.note("another", "elsewhere")) == ("true", None)


def test_several_of_a_name(session: Session, api: Api, services: Services) -> None:
    services.put()
    services.put(namespace="other")
    with pytest.raises(WrongUse, match="several InferenceServices are called qwen-cpu: demos/qwen-cpu, other/qwen-cpu"):
        down(session)
    assert api.patches == []
    assert down(session, "other/qwen-cpu").exit_code == 0
    assert services.note() is None


def test_all_of_an_application(session: Session, services: Services, cluster: Cluster) -> None:
    services.put("one")
    services.put("two")
    cluster.api.after = services.react
    refs = [ref("InferenceService", name, "demos") for name in ("one", "two")]
    cluster.application({"metadata": {"name": "kserve-demo"}}, ref("Service", "three", "demos"), *refs)
    assert [each.name.rpartition("/")[2] for each in down(session, "kserve-demo").models] == ["one", "two"]


def test_an_application_without_any(session: Session, services: Services, cluster: Cluster) -> None:
    cluster.application({"metadata": {"name": "kserve-demo"}}, ref("Deployment", "x", "demos"))
    with pytest.raises(WrongUse, match="application kserve-demo has no InferenceService"):
        down(session, "kserve-demo")


def test_an_application_that_was_never_synced(session: Session, services: Services, cluster: Cluster) -> None:
    cluster.application({"metadata": {"name": "kserve-demo"}}, ref("InferenceService", "qwen-cpu", "demos"))
    with pytest.raises(Refused, match="kserve-demo was never synced") as told:
        down(session, "kserve-demo")
    assert told.value.hint == "aiops sync kserve-demo"


def test_what_nobody_knows(session: Session, services: Services) -> None:
    with pytest.raises(WrongUse, match="has no application `demos/none`"):
        down(session, "demos/none")


def test_without_kserve(session: Session, api: Api) -> None:
    with pytest.raises(Refused, match="KServe is not on this cluster"):
        find_services(session, "qwen-cpu")


def test_paused_is_when_no_pod_is_left(session: Session, api: Api, services: Services, told: list[Event]) -> None:
    services.put()
    result = down(session)
    assert [patch for _, _, patch in api.patches] == [{"metadata": {"annotations": {STOP: "true"}}}]
    assert [(row.state, row.detail) for row in result.rows] == [("suspended", "paused, no pod left")]
    assert f"{NAME}: {STOP} set to true" in said(told)


def test_pods_that_stay(session: Session, services: Services) -> None:
    services.put()
    services.pods_stay = True
    result = down(session, limit_s=AT_ONCE_S)
    assert (result.exit_code, result.summary) == (4, f"after 0 s {NAME}: still there: qwen-cpu-0")
    assert result.hint == "kubectl get pods -l 'serving.kserve.io/inferenceservice in (qwen-cpu)' -A"


def test_pods_of_another_service_are_nothing_to_it(session: Session, services: Services) -> None:
    services.put()
    services.put("another")
    services.put(namespace="other")
    assert down(session, "demos/qwen-cpu").exit_code == 0


def test_paused_already_nothing_is_written(session: Session, api: Api, services: Services) -> None:
    services.put(paused=True)
    result = down(session)
    assert (result.exit_code, api.patches) == (0, [])
    assert [(each.action, each.detail) for each in result.models] == [("was down", "paused already")]


def test_taken_away_again_meanwhile(session: Session, services: Services) -> None:
    services.put()
    services.pods_stay = True
    on_look(session, lambda: services.somebody(None))
    result = down(session)
    assert (result.exit_code, result.summary) == (3, f"{NAME}: somebody took its annotation {STOP} away again")


def test_up_is_when_its_pods_are_ready(session: Session, api: Api, services: Services, told: list[Event]) -> None:
    services.put(paused=True)
    result = up(session)
    assert (result.exit_code, result.raised, result.hint) == (0, True, "")
    assert result.summary.startswith("qwen-cpu is up after ")
    assert [patch for _, _, patch in api.patches] == [{"metadata": {"annotations": {STOP: None}}}]
    assert [(row.state, row.detail) for row in result.rows] == [("settled", "1 pod ready")]
    assert f"{NAME}: {STOP} taken away" in said(told)
    assert session.paying == {}


def test_up_already_nothing_is_written(session: Session, api: Api, services: Services) -> None:
    services.put()
    result = up(session)
    assert (result.exit_code, result.raised, api.patches) == (0, False, [])


def test_pods_that_do_not_become_ready(session: Session, services: Services) -> None:
    services.ready = False
    services.put(paused=True)
    result = up(session, limit_s=AT_ONCE_S)
    assert (result.exit_code, result.summary) == (4, f"after 0 s {NAME}: Pod demos/qwen-cpu-0: not ready")
    assert result.hint == "aiops pause qwen-cpu"


def test_ready_pods_alone_are_not_enough(session: Session, api: Api, services: Services) -> None:
    services.put(paused=True)
    status = {"conditions": [{"type": "PredictorReady", "status": "False", "message": "no route"}]}
    api.put(f"{KSERVE}/namespaces/demos/inferenceservices", {**services.body(), "status": status})
    result = up(session, limit_s=AT_ONCE_S)
    assert (result.exit_code, result.summary) == (4, f"after 0 s {NAME}: PredictorReady is False: no route")


def test_no_pod_comes(session: Session, api: Api, services: Services) -> None:
    services.put(paused=True)
    api.after = lambda path: None
    assert up(session, limit_s=AT_ONCE_S).summary == f"after 0 s {NAME}: no pod yet"


def test_paused_again_meanwhile(session: Session, services: Services) -> None:
    services.ready = False
    services.put(paused=True)
    on_look(session, lambda: services.somebody("true"))
    result = up(session)
    assert (result.exit_code, result.summary) == (3, f"{NAME}: its annotation {STOP} is there again")


def test_deleted_meanwhile(session: Session, api: Api, services: Services) -> None:
    services.ready = False
    services.put(paused=True)
    on_look(session, lambda: api.remove(f"{KSERVE}/namespaces/demos/inferenceservices/qwen-cpu"))
    assert up(session).summary == f"{NAME}: it was deleted"


def test_deleted_before_it_is_written(session: Session, api: Api, services: Services) -> None:
    services.put()
    path = f"{KSERVE}/namespaces/demos/inferenceservices/qwen-cpu"
    api.before = lambda method, _: api.remove(path) if method == "PATCH" else None
    with pytest.raises(Refused, match=f"{NAME} was deleted meanwhile"):
        down(session)


def test_a_gpu_says_its_price_and_is_paid_for(
    session: Session, services: Services, cluster: Cluster, told: list[Event]
) -> None:
    services.put(paused=True, gpus=2)
    cluster.api.after = services.react
    cluster.node("gpu-1")
    assert up(session).exit_code == 0
    assert f"{NAME} asks for 2 GPU: an hour costs 0.85 (nvidia-l4)" in said(told)
    paid = session.paying[NAME]
    assert (paid.node, paid.stop) == ("gpu-1", "aiops pause demos/qwen-cpu")


def test_a_gpu_is_paid_for_until_its_pods_are_gone(session: Session, services: Services, cluster: Cluster) -> None:
    services.put(gpus=1)
    cluster.api.after = services.react
    cluster.node("gpu-1")
    services.pods_stay = True
    assert down(session, limit_s=AT_ONCE_S).exit_code == 4
    assert session.paying[NAME].node == "gpu-1"
    services.pods_stay = False
    services.react(f"{KSERVE}/namespaces/demos/inferenceservices/qwen-cpu")
    assert down(session).exit_code == 0
    assert [(paid.what, paid.node) for paid in session.paying.values()] == [("", "gpu-1")]


def test_after_an_interrupt_what_comes_up_is_paid_for(session: Session, api: Api, services: Services) -> None:
    services.put(paused=True, gpus=1)

    def stop(path: str) -> None:
        api.refused["WATCH", "/api/v1/pods"] = Refusal(403, "no")

    api.after = stop
    with pytest.raises(Forbidden):
        up(session)
    assert session.paying[NAME].stop == "aiops pause demos/qwen-cpu"


def test_the_wrong_cluster_is_refused_first(session: Session, api: Api, services: Services, work: Any) -> None:
    services.put()
    config = work / "config.yaml"
    config.write_text(config.read_text().replace("  context: here\n", ""))
    for command in (down, up):
        with pytest.raises(WrongUse, match="nothing tells that it is the cluster you mean"):
            command(session)
    assert api.patches == []

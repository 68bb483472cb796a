"""A model whose kubelet, autoscaler and cloud are the test: what they would write, written by hand.

Each such model is a copy of the sample's, in a namespace of its own and meant for nodes of its own, so that several
can be played at once. The scheduler, the controllers and Argo CD are the real ones.
"""

import json
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiops.snapshot import Json
from tests.scenarios.cluster import eventually, get
from tests.scenarios.conftest import Operator, Outcome
from tests.scenarios.models import MODEL, NAMESPACE, RAISED
from tests.scenarios.process import Process
from tests.serving.exchange import App
from tests.serving.server import Server

OFF = {"aiops.dev/simulate": "off"}
"""The annotation of what neither KWOK nor the simulated operators touch."""
OF = "tests/of"
"""The label of whatever is made for one model and has no namespace."""
LABEL = f"app.kubernetes.io/name={MODEL}"
GPU = "nvidia.com/gpu"
SERVER, STAGE, IMAGE = "vllm", "prestage-weights", "vllm/vllm-openai:v0.23.0"
LONGEST_S = 240.0
"""For a process that has to end by itself."""


def stamp(ago_s: float = 0) -> str:
    """A moment, as the API writes it."""
    return (datetime.now(UTC) - timedelta(seconds=ago_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


def container(name: str = SERVER, **changes: Any) -> Json:
    """What the kubelet says of a container that waits for its turn."""
    state = {"waiting": {"reason": "PodInitializing"}}
    return {"name": name, "image": IMAGE, "imageID": "", "ready": False, "restartCount": 0, "state": state, **changes}


def waiting(reason: str, message: str = "", name: str = SERVER, **changes: Any) -> Json:
    return container(name, state={"waiting": {"reason": reason, "message": message}}, **changes)


def running(name: str = SERVER, **changes: Any) -> Json:
    return container(name, state={"running": {"startedAt": stamp(60)}}, **changes)


def end(code: int = 1, reason: str = "Error") -> Json:
    return {"terminated": {"exitCode": code, "reason": reason, "startedAt": stamp(60), "finishedAt": stamp(5)}}


def again(code: int = 1, reason: str = "Error", restarts: int = 1, name: str = SERVER) -> Json:
    """It runs again, after it ended."""
    return running(name, restartCount=restarts, lastState=end(code, reason))


STAGED = container(STAGE, ready=True, state=end(0, "Completed"))
"""The init container, which is over."""


@dataclass(frozen=True)
class Ended:
    """How a run of vllm-up ended, and how it left its Deployment."""

    outcome: Outcome
    replicas: int
    raised: str | None
    """The annotation."""


@dataclass(frozen=True)
class Hand:
    """One such model."""

    operator: Operator
    number: int
    folder: Path
    """For what vllm-up says."""
    spec: Json = field(default_factory=dict, compare=False)
    """Of its Deployment, as it was made."""
    kubelet_at: Json = field(default_factory=dict, compare=False)
    """The status of a node whose kubelet KWOK plays: where logs and port-forwards are."""
    open: ExitStack = field(default_factory=ExitStack, compare=False)
    """What `clean` ends and deletes."""

    @property
    def app(self) -> str:
        return f"{MODEL}-{self.number}"

    @property
    def namespace(self) -> str:
        return f"{NAMESPACE}-{self.number}"

    @property
    def node_name(self) -> str:
        return f"gpu-{self.number}"

    def kubectl(self, *words: str, body: object = None) -> str:
        """In its namespace, as admin; `body` goes in as JSON."""
        text = None if body is None else json.dumps(body)
        return self.operator.cluster.kubectl("-n", self.namespace, *words, text=text)

    def create(self, *bodies: Json) -> None:
        self.kubectl("create", "-f", "-", body={"apiVersion": "v1", "kind": "List", "items": bodies})

    def until(self, what: str, holds: Callable[[], bool]) -> None:
        eventually(self.operator.cluster, f"{self.app}: {what}", holds)

    def deployment(self) -> Json:
        return get(self.operator.cluster, "deployment", MODEL, self.namespace)

    def patch(self, spec: Json) -> None:
        """A change of its Deployment's spec, as by hand."""
        self.kubectl("patch", "deployment", MODEL, "-p", json.dumps({"spec": spec}))

    def scale(self, replicas: int) -> None:
        self.patch({"replicas": replicas})

    def pods(self) -> list[Json]:
        """Those that are not ending and have not ended, the newest last."""
        bodies = json.loads(
            self.kubectl("get", "pods", "-o", "json", "--sort-by=.metadata.creationTimestamp", "-l", LABEL)
        )
        alive = [pod for pod in bodies["items"] if "deletionTimestamp" not in pod["metadata"]]
        return [pod for pod in alive if pod["status"]["phase"] != "Failed"]

    def pod(self, *, placed: bool = False) -> Json:
        """Its newest pod, once there is one; with `placed`, once that has a node."""
        found: list[Json] = []

        def is_there() -> bool:
            found[:] = self.pods()
            return bool(found) and (not placed or bool(found[-1]["spec"].get("nodeName")))

        self.until(f"there is a pod{' with a node' if placed else ''}", is_there)
        return found[-1]

    def event(
        self, about: Json, reason: str, message: str, *,
        source: str, kind: str = "Normal", ago_s: float = 2, count: int = 1, of: str = "",
    ) -> None:  # fmt: skip
        """An event on one of its objects; `of` one of the pod's containers."""
        meta = about["metadata"]
        path = {"fieldPath": f"spec.containers{{{of}}}"} if of else {}
        ref = {"kind": about["kind"], "name": meta["name"], "namespace": meta["namespace"], "uid": meta["uid"], **path}
        self.create(
            {
                "apiVersion": "v1", "kind": "Event", "metadata": {"generateName": f"{meta['name']}."},
                "involvedObject": {"apiVersion": about["apiVersion"], **ref}, "reason": reason, "message": message,
                "type": kind, "source": {"component": source}, "count": count,
                "firstTimestamp": stamp(ago_s), "lastTimestamp": stamp(ago_s),
            }
        )  # fmt: skip

    def node(
        self, *, ready: bool = True, since_s: float = 60, said: str = "kubelet is posting ready status",
        gpus: int | None = 1, memory: str = "32Gi", taints: tuple[Json, ...] = (),
    ) -> None:  # fmt: skip
        """A node for it joins; `gpus` None: without its driver."""
        size = {"cpu": "8", "memory": memory, "pods": "110", **({} if gpus is None else {GPU: str(gpus)})}
        labels = {OF: self.app, "cloud.google.com/gke-accelerator": "nvidia-l4", "type": "kwok"}
        kubelet = {"type": "Ready", "status": str(ready), "message": said, "lastTransitionTime": stamp(since_s)}
        self.create(
            {
                "apiVersion": "v1", "kind": "Node",
                "metadata": {"name": self.node_name, "labels": labels, "annotations": OFF},
                "spec": {"taints": [{"key": GPU, "value": "present", "effect": "NoSchedule"}, *taints]},
                "status": {
                    "allocatable": size, "capacity": size, "conditions": [kubelet],
                    "addresses": self.kubelet_at["addresses"], "daemonEndpoints": self.kubelet_at["daemonEndpoints"],
                },
            }
        )  # fmt: skip
        self.afterwards("delete", "node", self.node_name, "--ignore-not-found")
        self.afterwards("delete", "pods", "--all")  # first: without its node nobody ends a pod

    def node_is(self, *, ready: bool = True, gpus: int | None = None) -> None:
        """Its node goes on: its kubelet is ready, its driver is there."""
        kubelet = {"type": "Ready", "status": str(ready), "message": "kubelet is posting ready status"}
        size = {} if gpus is None else {GPU: str(gpus)}
        status = {"conditions": [kubelet], "allocatable": size, "capacity": size}
        patch = json.dumps({"status": status})
        self.kubectl("patch", "node", self.node_name, "--subresource=status", "-p", patch)

    def neighbour(self, name: str, *containers: Json, gpus: int = 0, **meta: Any) -> None:
        """Another pod on its node, with what the kubelet says of it."""
        asks = {"resources": {"limits": {GPU: gpus}}} if gpus else {}
        spec = {
            "nodeName": self.node_name, "tolerations": [{"operator": "Exists"}],
            "containers": [{"name": "main", "image": "r.io/driver:550", **asks}],
        }  # fmt: skip
        self.create(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "annotations": OFF, **meta}, "spec": spec}
        )
        self._status(name, {"phase": "Running", "containerStatuses": containers})

    def kubelet(self, *containers: Json, init: tuple[Json, ...] = (STAGED,), ready: bool = False) -> None:
        """What its kubelet says of its pod, once that is placed."""
        name = self.pod(placed=True)["metadata"]["name"]
        conditions = [
            {"type": kind, "status": str(ready), "lastTransitionTime": stamp()} for kind in ("Ready", "ContainersReady")
        ]
        status = {
            "phase": "Running" if any("running" in each["state"] for each in containers) else "Pending",
            "conditions": conditions, "initContainerStatuses": init, "containerStatuses": containers,
        }  # fmt: skip
        self._status(name, status)

    def evict(self, why: str) -> None:
        """Its node's kubelet ends its pod."""
        self._status(self.pod()["metadata"]["name"], {"phase": "Failed", "reason": "Evicted", "message": why})

    def _status(self, pod: str, status: Json) -> None:
        self.kubectl("patch", "pod", pod, "--subresource=status", "-p", json.dumps({"status": status}))

    def log(self, *lines: str, of: str = SERVER, current: bool = False) -> None:
        """The last lines of a container's run before; with `current`, of the one under way."""
        path = Path(self.open.enter_context(tempfile.TemporaryDirectory())) / "log"
        path.write_text("".join(f"{stamp()[:-1]}.000000000Z stderr F {line}\n" for line in lines))
        which = {"logsFile" if current else "previousLogsFile": str(path), "containers": [of]}
        meta = {"name": self.pod()["metadata"]["name"], "namespace": self.namespace}
        self.create(
            {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Logs", "metadata": meta, "spec": {"logs": [which]}}
        )

    def serve(self, app: App) -> None:
        """A server behind its pods, in place of the one before."""
        self.forward(self.open.enter_context(Server(app)).port)

    def forward(self, port: int) -> None:
        self.operator.cluster.forward(self.namespace, 8000, port)

    def up(self, play: Callable[["Hand"], None], *options: str) -> Ended:
        """vllm-up from its start to its end, with what is played meanwhile."""
        words = ("vllm-up", self.app, "--anyway", *options)
        process = self.operator.start(*words, out=self._out())
        try:
            play(self)
            _, err = process.communicate(timeout=LONGEST_S)
        except BaseException:
            process.kill()
            _, err = process.communicate()
            print(self._outcome(words, process, err))  # pytest shows it beside the error
            raise
        outcome = self.operator.check(self._outcome(words, process, err))
        left = self.deployment()
        return Ended(outcome, left["spec"]["replicas"], left["metadata"]["annotations"].get(RAISED))

    def says(self, pattern: str) -> None:
        """Wait until vllm-up, which is under way, says so."""
        self.until(f"it says {pattern}", lambda: re.search(pattern, self._out().read_text()) is not None)

    def _out(self) -> Path:
        return self.folder / f"{self.app}.out"

    def _outcome(self, words: tuple[str, ...], process: Process, err: str) -> Outcome:
        return Outcome(words, process.returncode or 0, self._out().read_text(), err)

    def afterwards(self, *words: str) -> None:
        """kubectl, when it is cleaned; what came last comes first."""
        self.open.callback(self.kubectl, *words)

    def clean(self) -> None:
        """As it was made: at 0, and nothing of what was played."""
        whole = json.dumps([{"op": "replace", "path": "/spec", "value": self.spec}])
        self.kubectl("patch", "deployment", MODEL, "--type=json", "-p", whole)
        self.kubectl("delete", "pods", "--all", "--wait=false")
        self.open.close()


def hands(operator: Operator, number: int, folder: Path) -> tuple[Hand, ...]:
    """So many models, deployed at 0."""
    made = [Hand(operator, each, folder) for each in range(number)]
    app, secret = (
        get(operator.cluster, "application", MODEL),
        get(operator.cluster, "secret", "vllm-api-key", NAMESPACE),
    )
    bodies = [body for hand in made for body in _bodies(hand, app, secret)]
    operator.cluster.kubectl(
        "create", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": bodies})
    )
    for hand in made:
        hand.until("it is deployed", lambda: MODEL in hand.kubectl("get", "deployments", "-o", "name"))  # noqa: B023
    there = get(operator.cluster, "node", "cpu-0")["status"]
    return tuple(replace(hand, spec=hand.deployment()["spec"], kubelet_at=there) for hand in made)


def _bodies(hand: Hand, app: Json, secret: Json) -> Iterator[Json]:
    """Its namespace, with the operator's rights and the model's Secret, and its Application."""
    space, rbac = hand.namespace, "rbac.authorization.k8s.io"
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}
    yield {
        "apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": {"name": "operator", "namespace": space},
        "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "aiops-models"},
        "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": "argocd"}],
    }  # fmt: skip
    yield {
        "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "vllm-api-key", "namespace": space},
        "data": secret["data"],
    }  # fmt: skip
    template = {"metadata": {"annotations": OFF}, "spec": {"nodeSelector": {OF: hand.app}}}
    patch = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": MODEL}, "spec": {"template": template}}
    kustomize = {"namespace": space, "patches": [{"patch": json.dumps(patch)}]}
    spec = {
        **app["spec"],
        "destination": {**app["spec"]["destination"], "namespace": space},
        "ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}],
        "syncPolicy": {**app["spec"]["syncPolicy"], "automated": {}},
        "source": {**app["spec"]["source"], "kustomize": kustomize},
    }  # fmt: skip
    meta = {"name": hand.app, "namespace": "argocd"}
    yield {"apiVersion": app["apiVersion"], "kind": "Application", "metadata": meta, "spec": spec}

"""What is played in each phase of a model's way up, and what vllm-up has to make of it.

The texts are those of the programs and issues that the cells name; quotas, policies and the scheduler are real.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiops.snapshot import Json
from tests.scenarios.by_hand import GPU, Hand, end, running, waiting

Play = Callable[[Hand], None]


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What is played, and what vllm-up has to make of it."""

    source: str
    """Who says so in the real world."""
    phase: str
    said: str
    """Its last line holds this."""
    fix: str = ""
    """What it says to do; empty: it waits, and the deadline ends it."""
    before: Play | None = None
    play: Play
    options: tuple[str, ...] = ()


def fails(phase: str, source: str, said: str, fix: str, play: Play, before: Play | None = None) -> Cell:
    return Cell(source=f"{phase}: {source}", phase=phase, said=said, fix=fix, play=play, before=before)


def waits(phase: str, source: str, said: str, play: Play, before: Play | None = None, limit: str = "10s") -> Cell:
    options = ("--timeout", limit)
    return Cell(source=f"{phase}: {source}", phase=phase, said=said, play=play, before=before, options=options)


def after_grace(phase: str, source: str, said: str, play: Play, before: Play | None = None) -> Cell:
    """It waits also after the half minute in which nothing is taken for lasting."""
    return waits(phase, source, said, play, before, "38s")


def nothing(_: Hand) -> None:
    """Nobody says anything."""


def both(*plays: Play) -> Play:
    def play(hand: Hand) -> None:
        for each in plays:
            each(hand)

    return play


# --- accepted: real quotas, policies and webhooks


def makes(kind: str, spec: Json, there: str = "") -> Play:
    """An object in its namespace; `there`: a field that shows that its controller has seen it."""

    def play(hand: Hand) -> None:
        hand.create({"apiVersion": "v1", "kind": kind, "metadata": {"name": "hand"}, "spec": spec})
        hand.afterwards("delete", kind, "hand", "--ignore-not-found")
        if there:
            path = f"jsonpath={{{there}}}"
            hand.until(f"{kind} is ready", lambda: bool(hand.kubectl("get", kind, "hand", "-o", path)))

    return play


def only_in(hand: Hand) -> Json:
    return {"matchLabels": {"kubernetes.io/metadata.name": hand.namespace}}


PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}


def policy(hand: Hand) -> None:
    """A ValidatingAdmissionPolicy that is in force."""
    meta, group = {"name": hand.app}, "admissionregistration.k8s.io/v1"
    rules = {"namespaceSelector": only_in(hand), "resourceRules": [PODS]}
    never = [{"expression": "false", "message": "GPU pods need a cost-centre label"}]
    hand.create(
        {
            "apiVersion": group, "kind": "ValidatingAdmissionPolicy", "metadata": meta,
            "spec": {"matchConstraints": rules, "validations": never},
        },
        {
            "apiVersion": group, "kind": "ValidatingAdmissionPolicyBinding", "metadata": meta,
            "spec": {"policyName": hand.app, "validationActions": ["Deny"]},
        },
    )  # fmt: skip
    in_force(hand, "validatingadmissionpolicybinding", "validatingadmissionpolicy")


def webhook(hand: Hand) -> None:
    """A webhook whose pods are not up, as Kueue's (KQ2)."""
    service = {"url": "https://127.0.0.1:9/validate"}
    hook = {
        "name": "mpod.kb.io", "clientConfig": service, "rules": [PODS], "failurePolicy": "Fail",
        "namespaceSelector": only_in(hand), "sideEffects": "None", "admissionReviewVersions": ["v1"],
    }  # fmt: skip
    meta = {"name": hand.app}
    group = "admissionregistration.k8s.io/v1"
    hand.create({"apiVersion": group, "kind": "ValidatingWebhookConfiguration", "metadata": meta, "webhooks": [hook]})
    in_force(hand, "validatingwebhookconfiguration")


def in_force(hand: Hand, *kinds: str) -> None:
    for kind in kinds:
        hand.afterwards("delete", kind, hand.app)

    def refused() -> bool:
        try:
            hand.kubectl("run", "probe", "--image=x", "--dry-run=server")
        except AssertionError:
            return True
        return False

    hand.until("pods are refused", refused)


def restricted(hand: Hand) -> None:
    label = "pod-security.kubernetes.io/enforce"
    hand.kubectl("label", "namespace", hand.namespace, f"{label}=restricted")
    hand.afterwards("label", "namespace", hand.namespace, f"{label}-")


def templated(spec: Json) -> Play:
    """A change of its pod template."""
    return lambda hand: hand.patch({"template": {"spec": spec}})


def held_up(hand: Hand) -> None:
    """A pod of before that does not end."""
    hand.node()
    hand.scale(1)
    name = hand.pod(placed=True)["metadata"]["name"]
    held, free = ({"metadata": {"finalizers": each}} for each in (["tests/hold"], None))
    hand.kubectl("patch", "pod", name, "-p", json.dumps(held))
    hand.afterwards("patch", "pod", name, "-p", json.dumps(free))
    hand.scale(0)
    hand.until("its pod is ending", lambda: not hand.pods())


FORBIDDEN = r'its pod cannot be made: pods "\S+" is forbidden: '
ONE_POD = makes("ResourceQuota", {"hard": {"count/pods": "1"}}, ".status.used")
ACCEPTED_FAILS = (
    fails(
        "accepted", "kube-apiserver's quota", rf"{FORBIDDEN}exceeded quota: hand, requested: count/pods=1",
        "describe resourcequota", nothing, makes("ResourceQuota", {"hard": {"count/pods": "0"}}, ".status.used"),
    ),
    fails(
        "accepted", "kube-apiserver's quota of GPUs", rf"{FORBIDDEN}exceeded quota: hand, requested: requests.{GPU}=1",
        "describe resourcequota", nothing, makes("ResourceQuota", {"hard": {f"requests.{GPU}": "0"}}, ".status.used"),
    ),
    fails(
        "accepted", "kube-apiserver's ValidatingAdmissionPolicy",
        rf"{FORBIDDEN}ValidatingAdmissionPolicy '\S+' with binding '\S+' denied request: GPU pods need a cost-centre",
        "Change what the admission policy names", nothing, policy,
    ),
    fails(
        "accepted", "kube-apiserver's pod security", rf"{FORBIDDEN}violates PodSecurity",
        "Change what the admission policy names", nothing, restricted,
    ),
    fails(
        "accepted", "kube-apiserver's service accounts (origin#3750)",
        rf'{FORBIDDEN}error looking up service account \S+: serviceaccount "vllm" not found',
        "Sync the application that brings this ServiceAccount", nothing, templated({"serviceAccountName": "vllm"}),
    ),
    fails(
        "accepted", "kube-apiserver's LimitRanger", rf"{FORBIDDEN}\[?maximum memory usage per Container is 1Gi",
        "Change what the message names in the Deployment's pod template", nothing,
        makes("LimitRange", {"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}),
    ),
)  # fmt: skip
ACCEPTED_WAITS = (
    waits(
        "accepted", "kube-apiserver: a webhook that is not up (KQ2)",
        'its pod cannot be made: Internal error occurred: failed calling webhook "mpod.kb.io"', nothing, webhook,
    ),
    waits(
        "accepted", "kube-controller-manager: Recreate", "a pod of before is still ending", nothing,
        both(held_up, lambda hand: hand.patch({"template": {"metadata": {"annotations": {"newer": "yes"}}}})),
    ),
    waits(
        "accepted", "kube-apiserver's quota, which an ending pod gives back",
        "exceeded quota: .*; a GPU pod that is ending still counts", nothing, both(held_up, ONE_POD),
    ),
)  # fmt: skip

# --- capacity: the words of the autoscaler

REFUSED, TRIGGERED, FAILED = "NotTriggerScaleUp", "TriggeredScaleUp", "FailedScaleUp"
FEW, MOST = "2 Insufficient nvidia.com/gpu", "1 max node group size reached"
GKE = "Node scale up in zones us-central1-a associated with this pod failed: {}. Pod is at risk of not being scheduled."


def says(reason: str, message: str, ago_s: float = 2) -> Play:
    """Of the pod; of type Normal, whatever it says (cluster-autoscaler FAQ)."""
    return lambda hand: hand.event(hand.pod(), reason, message, source="cluster-autoscaler", ago_s=ago_s)


def refuses(*reasons: str) -> Play:
    return says(REFUSED, f"pod didn't trigger scale-up: {', '.join(reasons)}")


def ordered(ago_s: float) -> Play:
    return says(TRIGGERED, "pod triggered scale-up: [{gpu-l4 0->1 (max: 1)}]", ago_s)


def joins(**how: Any) -> Play:
    """A node for its pod."""
    return lambda hand: hand.node(**how)


def neighbour(name: str, *containers: Json, gpus: int = 0) -> Play:
    """Another pod on that node."""
    return lambda hand: hand.neighbour(name, *containers, gpus=gpus)


def leaving(hand: Hand) -> None:
    hand.node(taints=({"key": "ToBeDeletedByClusterAutoscaler", "value": "1", "effect": "NoSchedule"},))


TEAM = {"key": "team", "value": "a", "effect": "NoSchedule"}
PINNED = "Change the pod template's nodeSelector"
CAPACITY_FAILS = (
    *(
        fails("capacity", source, f"no GPU node: {re.escape(', '.join(reasons))}", fix, refuses(*reasons))
        for source, reasons, fix in (
            ("autoscaler#5692", (FEW, MOST), "raise the node group's maximum size"),
            ("autoscaler#4181", ("6 Insufficient nvidia.com/gpu",), "Lower what the Deployment's pod"),
            (
                "autoscaler's scheduler plugins",
                ("1 node(s) had untolerated taint {nvidia.com/gpu: present}", FEW), "Add a toleration",
            ),
            ("autoscaler before 1.27", ("1 node(s) had taint {gpu: yes}, that the pod didn't tolerate",), "toleration"),
            ("autoscaler's skippedreasons.go", ("max cluster nvidia.com/gpu limit reached",), "autoscaler's limit"),
            ("autoscaler's --max-nodes-total", ("max total nodes in cluster reached",), "autoscaler's limit"),
            ("autoscaler: selector", ("3 node(s) didn't match Pod's node affinity/selector",), PINNED),
            ("an autoscaler of tomorrow", ("1 pod has a new kind of trouble",), "Change what the message names"),
        )
    ),
    fails(
        "capacity", "GKE, huggingface/Google-Cloud-Containers#126", "no GPU node: Node scale up .*GCE quota exceeded",
        "Raise the cloud's quota", both(ordered(90), says(FAILED, GKE.format("GCE quota exceeded"), 45)),
    ),
    fails(
        "capacity", "GKE's quota, and the autoscaler's pause", "no GPU node: in backoff|no GPU node: .*quota exceeded",
        "Raise the cloud's quota",
        both(says(FAILED, GKE.format("GCE quota exceeded"), 45), refuses("1 in backoff after failed scale-up", FEW)),
    ),
    fails(
        "capacity", "a node with a taint of its own", r"node gpu-\d+ has taint team=a:NoSchedule, and the pod has no",
        "Add a toleration for team=a:NoSchedule", joins(taints=(TEAM,)),
    ),
)  # fmt: skip
CAPACITY_WAITS = (
    waits("capacity", "autoscaler#5692 in its first half minute", f"no GPU node: {FEW}, {MOST}", refuses(FEW, MOST)),
    after_grace(
        "capacity", "2i2c#2185", "no GPU node: 1 in backoff after failed scale-up, 1 max node",
        refuses("1 in backoff after failed scale-up", MOST),
    ),
    after_grace(
        "capacity", "autoscaler's skippedreasons.go: not ready", "no GPU node: 1 not ready for scale-up",
        refuses("1 not ready for scale-up", FEW),
    ),
    after_grace(
        "capacity", "GKE: a stockout (GD3)", "no GPU node: Node scale up .*: GCE out of resources",
        both(ordered(90), says(FAILED, GKE.format("GCE out of resources"), 60)),
    ),
    after_grace(
        "capacity", "GKE: a quota on calls", "no GPU node: .*Queries per minute",
        says(FAILED, GKE.format("Quota exceeded for quota metric 'Queries' and limit 'Queries per minute'"), 60),
    ),
    after_grace(
        "capacity", "autoscaler#5938: no event at all",
        r"no GPU node: 0/\d+ nodes are available: .*node affinity/selector", nothing,
    ),
    after_grace(
        "capacity", "autoscaler: a node that it removes makes room",
        rf"no GPU node: {FEW}, {MOST}; node gpu-\d+ is being removed", both(leaving, refuses(FEW, MOST)),
    ),
    after_grace(
        "capacity", "scheduler: another pod holds the GPU, without an autoscaler",
        r"Insufficient nvidia.com/gpu.*; the GPU of node gpu-\d+ is held by Pod \S+/other",
        nothing, both(joins(), neighbour("other", running("main"), gpus=1)),
    ),
)  # fmt: skip

# --- node and GPU: what the cloud and the GPU's operator do

LATE = r"no node has joined in 15 min after one was ordered: the autoscaler has given up"
BOOTS = "container runtime network not ready: cni plugin not initialized"
NOT_READY = rf"node gpu-\d+ has joined and is not ready: {BOOTS}"
DRIVER = "nvidia-driver-daemonset-x7k2p"


def installs(*containers: Json) -> Play:
    """A node without its GPU, on which the operator's driver pod stands so."""
    return both(joins(gpus=None), neighbour(DRIVER, *containers))


def crashed(times: int) -> Json:
    return waiting("CrashLoopBackOff", "back-off 40s", "main", restartCount=times, lastState=end())


NO_KERNEL = "Back-off pulling image: r.io/driver:550-6.8.0-1013-gke: not found"


def rolls_out(hand: Hand) -> None:
    """A newer template, whose rollout has a deadline of a second."""
    hand.pod()
    newer = {"metadata": {"annotations": {"newer": "yes"}}}
    hand.patch({"progressDeadlineSeconds": 1, "template": newer})
    hand.until("its rollout is late", lambda: "ProgressDeadlineExceeded" in str(hand.deployment()["status"]))


NODE_FAILS = (
    fails(
        "node", "autoscaler FAQ, --max-node-provision-time", LATE, "describe configmap cluster-autoscaler-status",
        ordered(901),
    ),
    fails(
        "node", "autoscaler: and its pause afterwards", LATE, "describe configmap cluster-autoscaler-status",
        both(refuses("1 in backoff after failed scale-up", FEW), ordered(1000)),
    ),
    fails(
        "node", "kubelet that boots for too long", f"{NOT_READY}, after 15 min", "kubectl describe node gpu-",
        both(joins(ready=False, said=BOOTS), ordered(901)),
    ),
    fails(
        "node", "kubelet that boots for too long, and nobody ordered it", f"{NOT_READY}, after 15 min",
        "kubectl describe node gpu-", joins(ready=False, said=BOOTS, since_s=901),
    ),
)  # fmt: skip
NODE_WAITS = (
    after_grace("node", "autoscaler FAQ: TriggeredScaleUp", "a node was ordered and has not joined yet", ordered(0)),
    waits(
        "node", "autoscaler: refused first, and ordered then", "a node was ordered and has not joined yet",
        both(says(REFUSED, f"pod didn't trigger scale-up: {FEW}", 30), ordered(2)),
    ),
    waits("node", "kubelet that boots", NOT_READY, both(ordered(60), joins(ready=False, said=BOOTS))),
    waits(
        "node", "kestra#17781: progressDeadlineSeconds", NOT_READY, both(joins(ready=False, said=BOOTS), rolls_out)
    ),
    waits(
        "node", "Cilium's startup taint", r"node gpu-\d+ has joined and is not ready: taint node.cilium.io/agent-not-r",
        joins(taints=({"key": "node.cilium.io/agent-not-ready", "effect": "NoSchedule"},)),
    ),
)  # fmt: skip
NO_GPU = rf"node gpu-\d+ gets no GPU: Pod \S+/{DRIVER}"

GPU_FAILS = (
    fails(
        "gpu", "gpu-operator: its driver crashed three times", rf"{NO_GPU}: container main keeps ending",
        f"describe pod {DRIVER}", installs(crashed(3)),
    ),
    fails(
        "gpu", "gpu-operator: no driver for this kernel", rf"{NO_GPU}: ImagePullBackOff: r.io/driver:550",
        f"describe pod {DRIVER}", installs(waiting("ImagePullBackOff", NO_KERNEL, "main", image="r.io/driver:550")),
    ),
)  # fmt: skip
INSTALLS = r"node gpu-\d+ is there without its GPU: the driver is being installed"
GPU_WAITS = (
    after_grace("gpu", "autoscaler#10301: labelled, and no GPU", INSTALLS, joins(gpus=None)),
    waits("gpu", "gpu-operator: its driver crashed twice", INSTALLS, installs(crashed(2))),
    waits("gpu", "gpu-operator#2685: its validator is Ready", INSTALLS, installs(running("main", ready=True))),
    waits(
        "gpu", "scheduler: the GPU is free, and the memory too small",
        r"node gpu-\d+ has a free GPU, and the pod is not on it yet: .*Insufficient memory", joins(memory="1Gi"),
    ),
)  # fmt: skip

"""Can every autoscaler read the metrics that it scales by?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.judge.age import age_s
from aiops.judge.fields import as_evidence, condition, said
from aiops.judge.finding import Finding
from aiops.judge.in_cluster import address_of
from aiops.judge.keda import autoscaler_of, autoscaling, triggers_of
from aiops.judge.promised import promised
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_GRACE_S = 300.0
"""So long an autoscaler may take to read its first metric, and a server to come back."""
_CAUSE = (
    "an autoscaler that reads nothing leaves the replicas as they are, or at its fallback, however long the queue is"
)
_AT_ZERO = "ScalingDisabled"
"""Why an HPA does nothing for a target at 0 replicas (kubernetes pkg/controller/podautoscaler/horizontal.go)."""
_OPERATOR = ""
"""KEDA's operator asks, in a namespace that a ScaledObject does not tell."""
_ADDRESS = "http://SERVICE.NAMESPACE.svc:PORT"


def _lint(declared: Declared) -> Iterator[Finding]:
    services, found, untold = promised(declared), [], []
    asked = [(each, *one) for each in declared.of("ScaledObject") for one in triggers_of(each.body)]
    for each, index, trigger in asked:
        address = address_of(str(trigger.get("serverAddress") or ""), _OPERATOR, services.namespaces)
        lacks = services.lacks(address) if address else None
        if lacks:
            found.append(
                Finding(
                    status=lacks[0],
                    symptom=f"{each} reads its metrics from {address}, and {lacks[1]}",
                    cause=_CAUSE,
                    fix=f"correct the serverAddress of its trigger: {_ADDRESS}",
                    **of(each),
                    **at(declared.place(each, "spec", "triggers", index, "metadata", "serverAddress")),
                )
            )
        elif address and not services.has(address):
            untold.append(str(address))
    yield from found
    if not asked:
        yield skip("no ScaledObject of the tree asks a Prometheus")
    elif not found:
        rest = f"; a chart or an operator has to bring {', '.join(dict.fromkeys(untold))}" if untold else ""
        yield ok(f"no ScaledObject asks a Service that is known to be missing{rest}")


def _judge(look: Look) -> Iterator[Finding]:
    scaled, autoscalers = look.items("scaled-objects"), look.items("autoscalers")
    if not (scaled or autoscalers):
        yield skip("there is no autoscaler")
        return
    bad = [found for each in scaled if (found := _of_scaled(each, look))]
    told = {found.about for found in bad}
    makers = {autoscaler_of(each): str(ref_of(each)) for each in scaled}
    own = [each for each in autoscalers if makers.get((ref_of(each).namespace, ref_of(each).name)) not in told]
    bad += [found for each in own if (found := _of_autoscaler(each, look))]
    yield from bad
    if not bad:
        yield ok(f"{len(scaled)} ScaledObjects and {len(autoscalers)} HorizontalPodAutoscalers read their metrics")


def _of_scaled(body: Json, look: Look) -> Finding | None:
    """What is wrong with it: whom it asks; else what KEDA says of it, which asks nobody while it is paused."""
    who, paused = ref_of(body), autoscaling(body).paused
    if missing := _missing(body, look):
        young = (age_s(look.at, body["metadata"].get("creationTimestamp")) or 0.0) < _GRACE_S
        return Finding(
            status="warn" if paused or young else "fail",
            symptom=f"{who} reads its metrics from {missing}, which is not there",
            cause=f"it is paused, and would scale nothing once it is not: {_CAUSE}" if paused else _CAUSE,
            about=str(who),
            fix=f"correct the serverAddress of its trigger: {_ADDRESS}",
        )
    ready, fallback = condition(body, "Ready"), condition(body, "Fallback")
    bad = ready if ready.get("status") == "False" else fallback if fallback.get("status") == "True" else {}
    return None if paused else _told(who.namespace, "scaledobject", body, bad, look)


def _of_autoscaler(body: Json, look: Look) -> Finding | None:
    active = condition(body, "ScalingActive")
    bad = active if active.get("status") == "False" and active.get("reason") != _AT_ZERO else {}
    return _told(ref_of(body).namespace, "horizontalpodautoscaler", body, bad, look)


def _told(namespace: str, resource: str, body: Json, bad: Json, look: Look) -> Finding | None:
    """A condition that is bad, and has been for long enough."""
    since = age_s(look.at, bad.get("lastTransitionTime"))
    if not bad or (since is not None and since < _GRACE_S):
        return None
    who, words = ref_of(body), f" ({said(bad)})" if said(bad) else ""
    return Finding(
        status="fail",
        symptom=f"{who} does not scale by its metrics: {bad['type']} is {bad['status']}{words}",
        cause=_CAUSE,
        about=str(who),
        fix=f"kubectl -n {namespace} describe {resource} {who.name}",
        evidence=as_evidence(bad),
    )


def _missing(body: Json, look: Look) -> str:
    """The Service that one of its triggers asks, and that is not there; empty where all are, or are outside."""
    there = {(ref_of(each).namespace, ref_of(each).name) for each in look.items("services")}
    namespaces = {namespace for namespace, _ in there}
    for _, trigger in triggers_of(body):
        address = address_of(str(trigger.get("serverAddress") or ""), _OPERATOR, namespaces)
        if address and (address.namespace, address.name) not in there:
            return str(address)
    return ""


CHECK = Check(
    slug="autoscaler-reads-metrics",
    group="autoscaling",
    title="every autoscaler reads the metrics that it scales by",
    reads=("scaled-objects", "autoscalers", "services"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)

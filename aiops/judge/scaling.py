"""May this model be scaled up now, and will it stay up? Judged before the first write."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from aiops.judge.finding import Evidence, Finding
from aiops.judge.keda import keda_undoes
from aiops.judge.model import Model
from aiops.judge.operation import operation_of
from aiops.judge.text import one_line
from aiops.snapshot import Json, ref_of

REPLICAS = "/spec/replicas"
RESPECT = "RespectIgnoreDifferences=true"


@dataclass(frozen=True, kw_only=True)
class Before:
    """What is looked at before a model is scaled up."""

    application: Json
    model: Model
    secret_there: bool = True
    """Its Secret holds its key."""
    externalsecrets: tuple[Json, ...] = ()
    """Of its namespace."""
    scaledobjects: tuple[Json, ...] = ()
    """Of its namespace."""
    deployments: tuple[Json, ...] = ()
    """Of the cluster."""
    pods: tuple[Json, ...] = ()
    """Of the cluster."""
    nodes: tuple[Json, ...] = ()
    """Of the cluster."""


def refusals(before: Before) -> tuple[Finding, ...]:
    """What stands in the way whatever the operator says, each with its cure."""
    return tuple(finding for judge in (_operation, _reverted, _secret, _keda) for finding in judge(before))


def keeps_replicas(app: Json, namespace: str, name: str) -> bool:
    """Argo CD leaves the replicas of this Deployment alone: in the comparison (ignoreDifferences) and in a sync too
    (RespectIgnoreDifferences). Both halves are needed (argo-cd #4912, controller/sync.go); group and kind may be
    patterns, the names may not (util/argo/normalizers)."""
    options = (app["spec"].get("syncPolicy") or {}).get("syncOptions") or ()
    return RESPECT in options and any(
        fnmatchcase("apps", each.get("group") or "")
        and fnmatchcase("Deployment", each.get("kind") or "")
        and each.get("name") in (None, "", name)
        and each.get("namespace") in (None, "", namespace)
        and (REPLICAS in (each.get("jsonPointers") or ()) or ".spec.replicas" in (each.get("jqPathExpressions") or ()))
        for each in app["spec"].get("ignoreDifferences") or ()
    )


def _operation(before: Before) -> Iterator[Finding]:
    operation = operation_of(before.application)
    name = before.application["metadata"]["name"]
    if not operation.over:
        yield Finding(
            status="fail", id="model.syncing", about=f"Application {name}",
            symptom=f"a sync of application {name} is running: {operation.message}".rstrip(": "),
            cause="it could apply the replicas that it read before",
            fix="wait until it is over, then run this again",
        )  # fmt: skip


def _reverted(before: Before) -> Iterator[Finding]:
    app, model = before.application, before.model
    if keeps_replicas(app, model.namespace, model.name):
        return
    name, automated = app["metadata"]["name"], (app["spec"].get("syncPolicy") or {}).get("automated") or {}
    heals = automated.get("selfHeal") and automated.get("enabled") is not False
    yield Finding(
        status="fail", id="model.reverted", about=f"Application {name}",
        symptom=f"Argo CD would set Deployment {model.namespace}/{model.name} back to the replicas of git"
        f" {'at once (selfHeal)' if heals else 'at the next sync'}",
        fix=f"give application {name} ignoreDifferences for {REPLICAS} of that Deployment and the syncOption {RESPECT}",
    )  # fmt: skip


def _secret(before: Before) -> Iterator[Finding]:
    model, key = before.model, before.model.key
    if key is None:
        return
    makers = [body for body in before.externalsecrets if makes(body) == key.secret]
    stale = [body for body in makers if not_ready(body)]
    words = [not_ready(body) for body in stale]
    describe = [
        f"kubectl -n {model.namespace} describe externalsecret {body['metadata']['name']}" for body in (*stale, *makers)
    ]
    if not before.secret_there:
        yield Finding(
            status="fail", id="model.no-secret", about=f"Secret {model.namespace}/{key.secret}",
            symptom=f"Secret {model.namespace}/{key.secret} with key {key.key} is not there, and {model.name} needs it",
            cause="; ".join(words),
            fix=describe[0] if describe else f"create it, or an ExternalSecret that makes it in {model.namespace}",
        )  # fmt: skip
    elif stale:
        yield Finding(
            status="fail", id="model.stale-secret", about=str(ref_of(stale[0])), symptom=words[0],
            cause="the Secret may hold a key that is no longer true", fix=describe[0],
            evidence=tuple(Evidence("ExternalSecret", text) for text in words[1:]),
        )  # fmt: skip


def makes(externalsecret: Json) -> str:
    """The name of the Secret that it fills."""
    spec, meta = externalsecret.get("spec") or {}, externalsecret["metadata"]
    return str((spec.get("target") or {}).get("name") or meta["name"])


def not_ready(externalsecret: Json) -> str:
    """Why it is not Ready; empty where it is."""
    name = str(ref_of(externalsecret))
    for each in externalsecret.get("status", {}).get("conditions") or ():
        if each.get("type") == "Ready":
            words = one_line(each.get("message") or each.get("reason") or "")
            return "" if each.get("status") == "True" else f"{name} is not Ready: {words}".rstrip(": ")
    return f"{name} is not Ready: its operator has not looked at it"


def _keda(before: Before) -> Iterator[Finding]:
    yield from keda_undoes(before.scaledobjects, before.model.name, 1)

"""Looks at everything that decides whether a model may be scaled up, in one parallel pass."""

from collections.abc import Callable
from functools import partial
from typing import Any

from aiops.clients.kube import DEPLOYMENTS, NODES, PODS, Kind, Kube
from aiops.collect import gather
from aiops.errors import Forbidden, NotFound, Refused
from aiops.judge.finding import Finding
from aiops.judge.model import Model
from aiops.judge.occupied import occupied
from aiops.judge.scaling import Before, refusals
from aiops.operations.models import Found
from aiops.session import Session
from aiops.snapshot import Json

FORWARD = "pods/portforward"
SCALEDOBJECT, EXTERNALSECRET = ("keda.sh", "ScaledObject"), ("external-secrets.io", "ExternalSecret")


def look_before(session: Session, found: Found) -> Before:
    """The look. Raises what cannot be read: nothing is scaled up blindly."""
    kube, kinds, namespace = session.kube, session.kube.kinds(), found.model.namespace
    reads: dict[str, Callable[[], Any]] = {
        "deployments": partial(_all, kube, DEPLOYMENTS, None),
        "pods": partial(_all, kube, PODS, None),
        "nodes": partial(_all, kube, NODES, None),
        "secret_there": partial(_holds_key, kube, found.model),
    }
    for name, kind in (("scaledobjects", SCALEDOBJECT), ("externalsecrets", EXTERNALSECRET)):
        if (known := kinds.find(*kind)) is not None:
            reads[name] = partial(_all, kube, known, namespace)
    answers, failures = gather(reads)
    for error in failures.values():
        raise error
    _refuse_unproven(session, namespace)
    return Before(application=found.application, model=found.model, **answers)


def refuse(found: Found, before: Before, *, anyway: bool) -> None:
    """Refused with everything that stands in the way; `anyway` lets only a taken GPU pass."""
    taken = None if anyway else occupied(before)
    findings = (*refusals(before), *((taken,) if taken else ()))
    if not findings:
        return
    what = f"{found.name} is not scaled up: "
    text = what + _words(findings[0]) if len(findings) == 1 else "\n  ".join((what.strip(), *map(_words, findings)))
    raise Refused(text, "\n".join(finding.fix for finding in findings if finding.fix))


def _refuse_unproven(session: Session, namespace: str) -> None:
    """Forbidden where its server could not be asked once it is up: it would be paid for and never proven."""
    rights = {verb: partial(session.kube.may, verb, FORWARD, namespace) for verb in ("get", "create")}
    answers, failures = gather(rights)
    for error in failures.values():
        raise error
    if missing := [verb for verb in rights if not answers[verb]]:
        what = f"{' and '.join(missing)} {FORWARD} in {namespace}"
        raise Forbidden(
            f"kubernetes {session.kube.server}: you may not {what}, by which its server is asked whether it serves",
            f"ask for the right to {what} (docs/rbac.yaml)",
        )


def _words(finding: Finding) -> str:
    return finding.symptom + (f" ({finding.cause})" if finding.cause else "")


def _all(kube: Kube, kind: Kind, namespace: str | None) -> tuple[Json, ...]:
    return kube.list(kind, namespace).items


def _holds_key(kube: Kube, model: Model) -> bool:
    """Its Secret is there, with its key; the value is not kept."""
    if model.key is None:
        return True
    try:
        kube.secret(model.namespace, model.key.secret, model.key.key)
    except NotFound:
        return False
    return True

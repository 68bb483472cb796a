"""Admission webhooks: which call of one failed a sync, whether its server is there, and what one is asked for."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from aiops.gitops.parsing import Body, items, part, texts
from aiops.judge.operation import operation_of
from aiops.snapshot import Json

CONFIGURATIONS = ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
"""Kinds that hold webhooks, in their list `webhooks`."""
_FAILED = re.compile(
    r'failed calling webhook "(?P<webhook>[^"]+)"'
    r'(?:.*?https://(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc\b)?',
    re.DOTALL,
)  # fmt: skip
"""As kube-apiserver words it (apiserver/pkg/admission/plugin/webhook/errors)."""
_WORKLOADS = {("batch", "jobs"), ("", "pods")}


@dataclass(frozen=True)
class Call:
    """A call of a webhook that failed."""

    webhook: str
    namespace: str = ""
    """Of its Service; empty: it is not one of a Service, or the message does not say."""
    service: str = ""

    @property
    def where(self) -> str:
        """Its Service."""
        return f"Service {self.namespace}/{self.service}"


def failed_call(application: Json) -> Call | None:
    """The webhook on which an application's last sync failed; None where it did not fail, or for another reason."""
    if operation_of(application).phase not in ("retrying", "failed"):
        return None
    state = application["status"]["operationState"]
    results = (state.get("syncResult") or {}).get("resources") or ()
    for message in (*(each.get("message") or "" for each in results), state.get("message") or ""):
        if found := _FAILED.search(message):
            return Call(found["webhook"], found["namespace"] or "", found["service"] or "")
    return None


def ready_endpoints(slices: Iterable[Json], namespace: str, service: str) -> int:
    """How many endpoints of a Service are ready; one that does not say is (discovery/v1 EndpointConditions)."""
    return sum(
        (endpoint.get("conditions") or {}).get("ready") is not False
        for body in slices
        if body["metadata"].get("namespace") == namespace
        and (body["metadata"].get("labels") or {}).get("kubernetes.io/service-name") == service
        for endpoint in body.get("endpoints") or ()
    )


def stops_workloads(webhook: Body) -> bool:
    """Whether Jobs or pods are refused while nobody answers it: it is asked for them, and may not fail."""
    return (webhook.get("failurePolicy") or "Fail") == "Fail" and any(map(_of_workloads, items(webhook, "rules")))


def is_scoped(webhook: Body) -> bool:
    """It is asked for what was chosen, and not for all but what was left out."""
    return any(chooses(part(webhook, name)) for name in ("namespaceSelector", "objectSelector"))


def chooses(selector: Body) -> bool:
    """A selector that only takes what carries a certain label."""
    expressions = items(selector, "matchExpressions")
    return bool(part(selector, "matchLabels")) or any(each.get("operator") in ("In", "Exists") for each in expressions)


def is_kueues(configuration: Body) -> bool:
    """One of Kueue: it is asked for Kueue's own kinds too, whatever its name is."""
    return any(
        "kueue.x-k8s.io" in texts(rule, "apiGroups")
        for webhook in items(configuration, "webhooks")
        for rule in items(webhook, "rules")
    )


def _of_workloads(rule: Body) -> bool:
    groups, resources = texts(rule, "apiGroups"), texts(rule, "resources")
    return any(
        (group in groups or "*" in groups) and (plural in resources or "*" in resources or "*/*" in resources)
        for group, plural in _WORKLOADS
    )

"""Who else admits: ValidatingAdmissionPolicies and ValidatingWebhookConfigurations.

CEL is not evaluated: of a policy only the expressions `true` and `false` count, everything else admits; one with
matchConditions is left out. No webhook is ever called, because nobody in the lab would answer: a webhook that asks for
an object is down, and its failurePolicy decides.
"""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from aiops.lab.api import refusals
from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Attempt, Objects
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.selectors import chooses

GROUP = "admissionregistration.k8s.io"


def ask_policies(objects: Objects, attempt: Attempt) -> None:
    """Refuses what a policy with a binding denies."""
    for binding in objects.list(f"validatingadmissionpolicybindings.{GROUP}"):
        policy = objects.find(f"validatingadmissionpolicies.{GROUP}", binding["spec"]["policyName"])
        if policy is None or "Deny" not in binding["spec"]["validationActions"]:
            continue
        both = (policy["spec"].get("matchConstraints") or {}, binding["spec"].get("matchResources") or {})
        if all(_asks(objects, each, each.get("resourceRules"), attempt) for each in both):
            _deny(policy, binding, attempt)


def _deny(policy: Json, binding: Json, attempt: Attempt) -> None:
    if policy["spec"].get("matchConditions"):
        return
    for each in policy["spec"].get("validations") or ():
        if each["expression"].strip() == "false":
            who = f"'{policy['metadata']['name']}' with binding '{binding['metadata']['name']}'"
            said = each.get("message") or f"failed expression: {each['expression'].strip()}"
            why = f"ValidatingAdmissionPolicy {who} denied request: {said}"
            name = attempt.body["metadata"]["name"]
            message = f'{attempt.kind.resource} "{name}" is forbidden: {why}'
            details = refusals.details(attempt.kind, name, causes=[{"message": why}])
            raise Refusal(422, "Invalid", message, details=details)


def ask_webhooks(objects: Objects, attempt: Attempt) -> None:
    """Refuses what a webhook that may not fail would have to be asked for."""
    for body in objects.list(f"validatingwebhookconfigurations.{GROUP}"):
        for hook in body.get("webhooks") or ():
            needed = hook.get("failurePolicy", "Fail") == "Fail" and not hook.get("matchConditions")
            if needed and _asks(objects, hook, hook.get("rules"), attempt):
                _fail(objects, hook)


def _fail(objects: Objects, hook: Json) -> None:
    client, seconds = hook["clientConfig"], hook.get("timeoutSeconds", 10)
    if service := client.get("service"):
        name, namespace, port = service["name"], service["namespace"], service.get("port", 443)
        url = f"https://{name}.{namespace}.svc:{port}{service.get('path', '/')}"
        there = objects.find("services", name, namespace)
        why = f'no endpoints available for service "{name}"' if there else f'service "{name}" not found'
    else:
        url = client["url"]
        where = urlsplit(url)
        why = f"dial tcp {where.hostname}:{where.port or 443}: connect: connection refused"
    said = f'failed calling webhook "{hook["name"]}": failed to call webhook: Post "{url}?timeout={seconds}s": {why}'
    details = {"causes": [{"message": said}]}
    raise Refusal(500, "InternalError", f"Internal error occurred: {said}", details=details)


def _asks(objects: Objects, scope: Json, rules: Iterable[Json] | None, attempt: Attempt) -> bool:
    """Whether rules and selectors mean this write; rules that are not there mean all."""
    if attempt.kind.group == GROUP:  # or nobody could remove what refuses everything
        return False
    return (rules is None or any(_means(rule, attempt) for rule in rules)) and all(_selected(objects, scope, attempt))


def _means(rule: Json, attempt: Attempt) -> bool:
    kind = attempt.kind
    what = f"{kind.plural}/{attempt.subresource}" if attempt.subresource else kind.plural
    anything = {"*/*", "*" if not attempt.subresource else f"*/{attempt.subresource}", what}
    return (
        bool({"*", kind.group} & set(rule["apiGroups"]))
        and bool({"*", kind.version} & set(rule["apiVersions"]))
        and bool({"*", attempt.operation} & set(rule["operations"]))
        and bool(anything & set(rule["resources"]))
    )


def _selected(objects: Objects, scope: Json, attempt: Attempt) -> Iterator[bool]:
    meta = attempt.body["metadata"]
    yield chooses(scope.get("objectSelector") or {}, meta.get("labels") or {})
    space = meta if attempt.kind.resource == "namespaces" else None
    if attempt.kind.namespaced:
        space = objects.get("namespaces", meta["namespace"])["metadata"]
    if space is not None:  # what belongs to no namespace is always meant
        yield chooses(scope.get("namespaceSelector") or {}, space.get("labels") or {})

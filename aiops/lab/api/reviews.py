"""What is asked about oneself: authentication.k8s.io and authorization.k8s.io; nothing of it is stored."""

from collections.abc import Callable, Mapping

from aiops.lab.api.access import MASTERS, Access, User
from aiops.lab.api.calls import Call
from aiops.lab.api.kinds import Json
from aiops.lab.api.requests import RequestInfo
from aiops.lab.clock import written

TOKEN_LASTS_S = 3600
ALL: Json = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
"""What system:masters may do."""


def access_review(access: Access, call: Call, body: Json) -> Json:
    """SelfSubjectAccessReview: whether I may."""
    spec = body.get("spec") or {}
    reason = access.allowed(call.user, _wanted(spec))
    status = {"allowed": reason is not None, **({"reason": reason} if reason else {})}
    return {**_head(call), "spec": spec, "status": status}


def _wanted(spec: Json) -> RequestInfo:
    if "nonResourceAttributes" in spec:
        asked = spec["nonResourceAttributes"]
        return RequestInfo(verb=asked.get("verb", ""), path=asked.get("path", ""))
    asked = spec.get("resourceAttributes") or {}
    words = ("verb", "group", "version", "subresource", "namespace", "name")
    return RequestInfo(path="", plural=asked.get("resource", ""), **{word: asked.get(word, "") for word in words})


def rules_review(access: Access, call: Call, body: Json) -> Json:
    """SelfSubjectRulesReview: all that I may, in a namespace."""
    namespace = (body.get("spec") or {}).get("namespace", "")
    if MASTERS in call.user.groups:
        rules = [ALL, {"verbs": ["*"], "nonResourceURLs": ["*"]}]
    else:
        rules = [each.rule for each in access.granted(call.user, namespace)]
    status = {
        "resourceRules": [rule for rule in rules if "resources" in rule],
        "nonResourceRules": [rule for rule in rules if "nonResourceURLs" in rule],
        "incomplete": False,
    }
    return {**_head(call), "spec": {}, "status": status}


def self_review(access: Access, call: Call, body: Json) -> Json:
    """SelfSubjectReview: who I am."""
    user: User = call.user
    info = {"username": user.name, **({"uid": user.uid} if user.uid else {}), "groups": list(user.groups)}
    head = _head(call)
    return {**head, "metadata": {"creationTimestamp": access.now()}, "status": {"userInfo": info}}


def token_request(access: Access, call: Call, body: Json) -> Json:
    """TokenRequest: a token for a ServiceAccount."""
    account = access.objects.get("serviceaccounts", call.info.name, call.info.namespace)
    spec = body.get("spec") or {}
    token, until = access.account(account, int(spec.get("expirationSeconds") or TOKEN_LASTS_S))
    meta = {"name": call.info.name, "namespace": call.info.namespace, "creationTimestamp": access.now()}
    return {
        "kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": meta,
        "spec": {"audiences": ["https://kubernetes.default.svc"], "expirationSeconds": TOKEN_LASTS_S, **spec},
        "status": {"token": token, "expirationTimestamp": written(until)},
    }  # fmt: skip


def _head(call: Call) -> Json:
    return {"kind": call.kind.kind, "apiVersion": call.kind.api_version, "metadata": {}}


REVIEWS: Mapping[str, Callable[[Access, Call, Json], Json]] = {
    "selfsubjectaccessreviews.authorization.k8s.io": access_review,
    "selfsubjectrulesreviews.authorization.k8s.io": rules_review,
    "selfsubjectreviews.authentication.k8s.io": self_review,
}

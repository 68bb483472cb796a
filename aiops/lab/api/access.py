"""Who asks, and whether they may: bearer tokens, and RBAC from the objects that are stored."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Objects
from aiops.lab.api.refusals import Refusal
from aiops.lab.api.requests import RequestInfo

RBAC = "rbac.authorization.k8s.io"
MASTERS = "system:masters"
"""The group that may do everything, whatever RBAC says."""


@dataclass(frozen=True, kw_only=True)
class User:
    """Whom the API server takes somebody for."""

    name: str
    groups: tuple[str, ...]
    uid: str = ""


@dataclass(frozen=True, kw_only=True)
class Token:
    """What a bearer token stands for; with `until`, it is a ServiceAccount's."""

    user: User
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Granted:
    """A rule that holds for somebody, and by what."""

    rule: Json
    reason: str


ANONYMOUS = User(name="system:anonymous", groups=("system:unauthenticated",))


class Access:
    """The tokens that are known, and the rights of those who bring them."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._tokens: dict[str, Token] = {}

    def person(self, name: str, *groups: str) -> str:
        """A token for somebody from now on."""
        return self._issue(User(name=name, uid=name, groups=(*groups, "system:authenticated")), None)

    def account(self, account: Json, seconds: int) -> tuple[str, datetime]:
        """A token for a ServiceAccount for so long, and when it ends."""
        meta = account["metadata"]
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{meta['namespace']}", "system:authenticated")
        name = f"system:serviceaccount:{meta['namespace']}:{meta['name']}"
        until = self.objects.clock.now() + timedelta(seconds=seconds)
        return self._issue(User(name=name, uid=meta["uid"], groups=groups), until), until

    def _issue(self, user: User, until: datetime | None) -> str:
        token = secrets.token_urlsafe(32)
        self._tokens[token] = Token(user=user, until=until)
        return token

    def now(self) -> str:
        """The time, as objects carry it."""
        return self.objects.clock.stamp()

    def authenticate(self, header: str | None) -> User:
        """Whose `Authorization` header it is; Refusal (401) where nobody's."""
        if not header:
            return ANONYMOUS
        known = self._tokens.get(header.removeprefix("Bearer ").strip())
        if known is None or (known.until is not None and self._ended(known.user, known.until)):
            raise Refusal(401, "Unauthorized", "Unauthorized")
        return known.user

    def _ended(self, user: User, until: datetime) -> bool:
        _, _, namespace, name = user.name.split(":")
        account = self.objects.find("serviceaccounts", name, namespace)
        return until < self.objects.clock.now() or account is None or account["metadata"]["uid"] != user.uid

    def authorize(self, user: User, info: RequestInfo) -> None:
        """Refusal (403) where the user may not."""
        if self.allowed(user, info) is None:
            raise _forbidden(user, info)

    def allowed(self, user: User, info: RequestInfo) -> str | None:
        """By what the user may; None where they may not."""
        if MASTERS in user.groups:
            return ""
        granted = self.granted(user, info.namespace)
        return next((each.reason for each in granted if covers(each.rule, info)), None)

    def granted(self, user: User, namespace: str) -> Iterator[Granted]:
        """The rules that hold for somebody everywhere, and in a namespace."""
        for binding in self.objects.list(f"clusterrolebindings.{RBAC}"):
            yield from self._bound(user, binding, "")
        if namespace:
            for binding in self.objects.list(f"rolebindings.{RBAC}", namespace):
                yield from self._bound(user, binding, namespace)

    def _bound(self, user: User, binding: Json, namespace: str) -> Iterator[Granted]:
        who = next((each for each in binding.get("subjects") or () if _is(each, user, namespace)), None)
        if who is None:
            return
        name, role = binding["metadata"]["name"], binding["roleRef"]
        what, whole = ("RoleBinding", f"{name}/{namespace}") if namespace else ("ClusterRoleBinding", name)
        place = f"/{who.get('namespace') or namespace}" if who["kind"] == "ServiceAccount" else ""
        to = f'{who["kind"]} "{who["name"]}{place}"'
        reason = f'RBAC: allowed by {what} "{whole}" of {role["kind"]} "{role["name"]}" to {to}'
        for rule in self._rules(role, namespace):
            yield Granted(rule=rule, reason=reason)

    def _rules(self, role: Json, namespace: str) -> Iterator[Json]:
        if role["kind"] == "Role":
            found = self.objects.find(f"roles.{RBAC}", role["name"], namespace)
        else:
            found = self.objects.find(f"clusterroles.{RBAC}", role["name"])
        if found is not None:
            yield from found.get("rules") or ()
            yield from self._aggregated(found)

    def _aggregated(self, role: Json) -> Iterator[Json]:
        selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
        wanted = [dict(each.get("matchLabels") or {}) for each in selectors]
        for other in self.objects.list(f"clusterroles.{RBAC}") if wanted else ():
            labels = (other["metadata"].get("labels") or {}).items()
            if any(each.items() <= labels for each in wanted):
                yield from other.get("rules") or ()


def _is(subject: Json, user: User, namespace: str) -> bool:
    match subject["kind"]:
        case "User":
            return bool(subject["name"] == user.name)
        case "Group":
            return subject["name"] in user.groups
        case _:
            return user.name == f"system:serviceaccount:{subject.get('namespace') or namespace}:{subject['name']}"


def covers(rule: Json, info: RequestInfo) -> bool:
    """Whether a rule is about it (plugin/pkg/auth/authorizer/rbac)."""
    if not _has(rule.get("verbs"), info.verb):
        return False
    if not info.plural:
        paths: Iterable[str] = rule.get("nonResourceURLs") or ()
        return any(info.path == each or (each.endswith("*") and info.path.startswith(each[:-1])) for each in paths)
    resource = f"{info.plural}/{info.subresource}" if info.subresource else info.plural
    return (
        _has(rule.get("apiGroups"), info.group)
        and _has(rule.get("resources"), resource, *([f"*/{info.subresource}"] if info.subresource else ()))
        and (not rule.get("resourceNames") or info.name in rule["resourceNames"])
    )


def _has(allowed: Iterable[str] | None, *wanted: str) -> bool:
    return any(each == "*" or each in wanted for each in allowed or ())


def _forbidden(user: User, info: RequestInfo) -> Refusal:
    if not info.plural:
        message = f'forbidden: User "{user.name}" cannot {info.verb} path "{info.path}"'
        return Refusal(403, "Forbidden", message, details={})
    resource = f"{info.plural}/{info.subresource}" if info.subresource else info.plural
    where = f'in the namespace "{info.namespace}"' if info.namespace else "at the cluster scope"
    what = f'{info.resource} "{info.name}"' if info.name else info.resource
    may = f'User "{user.name}" cannot {info.verb} resource "{resource}" in API group "{info.group}" {where}'
    details = {"name": info.name, "group": info.group, "kind": info.plural}
    found = {key: value for key, value in details.items() if value}
    return Refusal(403, "Forbidden", f"{what} is forbidden: {may}", details=found)

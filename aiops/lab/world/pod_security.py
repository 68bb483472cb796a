"""Pod security (namespace label pod-security.kubernetes.io/enforce), as far as it is about containers.

Checks, words and order are those of k8s.io/pod-security-admission at version `latest`. Left out: added capabilities,
volume types, host ports, runAsUser, AppArmor, SELinux, sysctls, Windows; and the labels `warn` and `audit`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aiops.lab.api import refusals
from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Attempt, Objects


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What every container of a pod has to be."""

    name: str
    must: str
    broken: Callable[[Json, Json], bool]
    """By the securityContext of a container, and that of its pod."""
    of_pod: bool = False
    """It may be said for the whole pod too."""

    def violations(self, spec: Json) -> Iterator[str]:
        """Its words, where a pod breaks it."""
        own = spec.get("securityContext") or {}
        every = (*(spec.get("initContainers") or ()), *spec["containers"])
        bad = [f'"{each["name"]}"' for each in every if self.broken(each.get("securityContext") or {}, own)]
        if bad:
            who = f"{'pod or ' if self.of_pod else ''}container{'s' if len(bad) > 1 else ''} {', '.join(bad)}"
            yield f"{self.name} ({who} must {self.must})"


def _seccomp(own: Json, pod: Json) -> bool:
    profile = own.get("seccompProfile") or pod.get("seccompProfile") or {}
    return profile.get("type") not in ("RuntimeDefault", "Localhost")


PRIVILEGED = Rule(
    name="privileged", must="not set securityContext.privileged=true",
    broken=lambda own, pod: bool(own.get("privileged")),
)  # fmt: skip
RESTRICTED = (
    PRIVILEGED,
    Rule(
        name="allowPrivilegeEscalation != false", must="set securityContext.allowPrivilegeEscalation=false",
        broken=lambda own, pod: own.get("allowPrivilegeEscalation") is not False,
    ),
    Rule(
        name="unrestricted capabilities", must='set securityContext.capabilities.drop=["ALL"]',
        broken=lambda own, pod: "ALL" not in ((own.get("capabilities") or {}).get("drop") or ()),
    ),
    Rule(
        name="runAsNonRoot != true", must="set securityContext.runAsNonRoot=true", of_pod=True,
        broken=lambda own, pod: not own.get("runAsNonRoot", pod.get("runAsNonRoot")),
    ),
    Rule(
        name="seccompProfile", must='set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"',
        of_pod=True, broken=_seccomp,
    ),
)  # fmt: skip
LEVELS = {"baseline": (PRIVILEGED,), "restricted": RESTRICTED}


def enforce(objects: Objects, attempt: Attempt) -> None:
    """Refuses a pod that is less secure than its namespace demands."""
    meta, spec = attempt.body["metadata"], attempt.body["spec"]
    labels = objects.get("namespaces", meta["namespace"])["metadata"].get("labels") or {}
    level = labels.get("pod-security.kubernetes.io/enforce", "privileged")
    if rules := LEVELS.get(level):
        found = [*_host_namespaces(spec), *(words for rule in rules for words in rule.violations(spec))]
        if found:
            why = f'violates PodSecurity "{level}:latest": {", ".join(found)}'
            raise refusals.forbidden(attempt.kind, meta["name"], why)


def _host_namespaces(spec: Json) -> Iterator[str]:
    if found := [f"{name}=true" for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name)]:
        yield f"host namespaces ({', '.join(found)})"

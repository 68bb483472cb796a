"""The rules of Kubernetes' own kinds, as far as a mistake in a manifest or a patch is likely to meet them
(kubernetes/pkg/apis/*/validation)."""

from collections.abc import Callable, Iterator, Mapping

from aiops.lab.api import causes
from aiops.lab.api.causes import Cause
from aiops.lab.api.kinds import Json, Kind, Value
from aiops.lab.api.names import LABEL

FREE = (
    "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only"
    " additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was"
    " previously negative)"
)
"""Of a pod."""
Rule = Callable[[Json, Json | None], Iterator[Cause]]


def broken(kind: Kind, new: Json, old: Json | None) -> Iterator[Cause]:
    """Where an object breaks the rules of its kind."""
    for rule in RULES.get(kind.resource, ()):
        yield from rule(new, old)


def at(body: Json, path: str) -> Value:
    """What is at a place, as `spec.template`; None where nothing is."""
    found: Value = body
    for name in path.split("."):
        found = (found or {}).get(name)
    return found


def immutable(*paths: str) -> Rule:
    """These places never change."""

    def rule(new: Json, old: Json | None) -> Iterator[Cause]:
        for path in paths:
            if old is not None and at(new, path) != at(old, path):
                yield causes.invalid(path, at(new, path), "field is immutable")

    return rule


def selects(new: Json, _old: Json | None) -> Iterator[Cause]:
    """A selector is there, and fits the pods of the template."""
    selector, labels = at(new, "spec.selector"), at(new, "spec.template.metadata.labels")
    if not selector:
        yield causes.required("spec.selector")
    if not selector or not (selector.get("matchLabels") or {}).items() <= (labels or {}).items():
        yield causes.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")


def pods(path: str) -> Rule:
    """A pod has containers, and they have names and images."""

    def rule(new: Json, _old: Json | None) -> Iterator[Cause]:
        containers = at(new, f"{path}.containers")
        if not containers:
            yield causes.required(f"{path}.containers")
        for index, each in enumerate(containers or ()):
            name, place = each.get("name", ""), f"{path}.containers[{index}]"
            if not name:
                yield causes.required(f"{place}.name")
            elif why := LABEL.broken(name):
                yield causes.invalid(f"{place}.name", name, why)
            if not each.get("image"):
                yield causes.required(f"{place}.image")

    return rule


def rolls(new: Json, _old: Json | None) -> Iterator[Cause]:
    """A Deployment's strategy is one of two; it is shown as it is inside the API server."""
    strategy = at(new, "spec.strategy")
    if strategy["type"] not in ("Recreate", "RollingUpdate"):
        pace = strategy.get("rollingUpdate")
        pace = pace and {"MaxUnavailable": pace.get("maxUnavailable"), "MaxSurge": pace.get("maxSurge")}
        shown = causes.shown({"Type": strategy["type"], "RollingUpdate": pace})
        yield causes.unsupported("spec.strategy", shown, ["Recreate", "RollingUpdate"])


def ends(new: Json, _old: Json | None) -> Iterator[Cause]:
    """A Job's pods end some time."""
    if at(new, "spec.template.spec.restartPolicy") == "Always":
        yield causes.required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def runs(new: Json, old: Json | None) -> Iterator[Cause]:
    """A pod stays as it is, but for its images and tolerations."""
    if old is None:
        return
    if len(new["spec"]["containers"]) != len(old["spec"]["containers"]):
        yield causes.forbidden("spec.containers", "pod updates may not add or remove containers")
    elif _fixed(new["spec"]) != _fixed(old["spec"]):
        yield causes.forbidden("spec", f"pod updates may not change fields other than {FREE}")


def _fixed(spec: Json) -> Json:
    free = ("tolerations", "activeDeadlineSeconds", "terminationGracePeriodSeconds")
    lists = {
        name: [{key: value for key, value in each.items() if key != "image"} for each in spec.get(name) or ()]
        for name in ("containers", "initContainers")
    }
    return {**{key: value for key, value in spec.items() if key not in free}, **lists}


def kept(new: Json, old: Json | None) -> Iterator[Cause]:
    """What is called immutable stays."""
    if old is None or not old.get("immutable"):
        return
    for field in ("immutable", "data", "binaryData"):
        if new.get(field) != old.get(field):
            yield causes.forbidden(field, "field is immutable when `immutable` is set")


def binds(new: Json, old: Json | None) -> Iterator[Cause]:
    """A binding gives one role for ever."""
    if old is not None and new["roleRef"] != old["roleRef"]:
        ref = new["roleRef"]
        shown = {"APIGroup": ref["apiGroup"], "Kind": ref["kind"], "Name": ref["name"]}
        yield causes.invalid("roleRef", shown, "cannot change roleRef")


def claims(new: Json, old: Json | None) -> Iterator[Cause]:
    """A claim stays as it is, until it is bound and may grow."""
    free = {"resources", "volumeAttributesClassName"} if old and at(old, "status.phase") == "Bound" else {"volumeName"}
    if old and any(new["spec"].get(key) != old["spec"].get(key) for key in (new["spec"] | old["spec"]).keys() - free):
        but = "resources.requests and volumeAttributesClassName for bound claims"
        yield causes.forbidden("spec", f"spec is immutable after creation except {but}")


def serves(new: Json, old: Json | None) -> Iterator[Cause]:
    """A Service has ports, and keeps its address."""
    spec = new["spec"]
    if not spec.get("ports") and spec.get("clusterIP") != "None" and spec["type"] != "ExternalName":
        yield causes.required("spec.ports")
    before = at(old or {}, "spec.clusterIP")
    if before and spec.get("clusterIP") != before and spec["type"] != "ExternalName":
        yield causes.invalid("spec.clusterIPs[0]", [spec.get("clusterIP")], "may not change once set")


def _workload(*rules: Rule) -> tuple[Rule, ...]:
    return (selects, pods("spec.template.spec"), *rules, immutable("spec.selector"))


RULES: Mapping[str, tuple[Rule, ...]] = {
    "clusterrolebindings.rbac.authorization.k8s.io": (binds,),
    "configmaps": (kept,),
    "cronjobs.batch": (pods("spec.jobTemplate.spec.template.spec"),),
    "daemonsets.apps": _workload(),
    "deployments.apps": _workload(rolls),
    "jobs.batch": (
        pods("spec.template.spec"),
        ends,
        immutable("spec.selector", "spec.completions", "spec.template.spec"),
    ),
    "persistentvolumeclaims": (claims,),
    "pods": (pods("spec"), runs),
    "replicasets.apps": _workload(),
    "rolebindings.rbac.authorization.k8s.io": (binds,),
    "secrets": (kept, immutable("type")),
    "services": (serves,),
    "statefulsets.apps": _workload(),
}

"""What a comparison makes of an Application's status."""

from collections.abc import Iterator, Sequence

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.argocd import names
from aiops.lab.argocd.comparison import Comparison, Pair, is_hook
from aiops.lab.argocd.health import Health, Unjudged, health_of, worst
from aiops.lab.argocd.projects import permits_kind

Conditions = Sequence[tuple[str, str]]
"""Type and message of each."""
OF_SPEC = ("InvalidSpecError", "UnknownError")
OF_COMPARISON, OF_SYNC = ("ComparisonError",), ("SyncError",)


def compared_to(app: Json) -> Json:
    """The spec for which a comparison holds."""
    spec = app["spec"]
    many = {"source": spec.get("source") or {"repoURL": ""}}
    if "sources" in spec:
        many = {"source": {"repoURL": ""}, "sources": spec["sources"]}
    ignored = {"ignoreDifferences": spec["ignoreDifferences"]} if spec.get("ignoreDifferences") else {}
    return {"destination": spec["destination"], **many, **ignored}


def after(app: Json, comparison: Comparison, project: Json, kinds: Kinds, now: str) -> Json:
    """The status after a comparison."""
    many, old = "sources" in app["spec"], names.status_of(app)
    sync: Json = {"status": comparison.sync, "comparedTo": compared_to(app)}
    sync |= {"revisions": list(comparison.revisions)} if many else {"revision": comparison.revisions[0]}
    health, problem = _health(comparison)
    types = {"sourceTypes": list(comparison.types)} if many else {"sourceType": "".join(comparison.types)}
    errors = [("ComparisonError", text) for text in (comparison.error, problem) if text]
    new = {
        **old, **types, "sync": sync, "health": {**old.get("health", {}), "status": health},
        "resources": [_resource(pair, comparison, project, kinds) for pair in comparison.pairs],
        "summary": _summary(comparison), "controllerNamespace": app["metadata"]["namespace"],
        "resourceHealthSource": "appTree", "sourceHydrator": {},
    }  # fmt: skip
    for key in ("resources", "sourceType", "sourceTypes"):
        if not new.get(key, True):
            del new[key]
    return with_conditions(with_conditions(new, (), OF_SPEC, now), errors, OF_COMPARISON, now)


def refused(app: Json, why: Sequence[str], now: str) -> Json:
    """The status of an Application whose spec is not permitted: nothing is known of it."""
    old = {**names.empty_status(), **names.status_of(app)}
    unknown = {key: {**old[key], "status": "Unknown"} for key in ("sync", "health")}
    return with_conditions({**old, **unknown}, [("InvalidSpecError", text) for text in why], OF_SPEC, now)


def with_conditions(status: Json, found: Conditions, kinds: Sequence[str], now: str) -> Json:
    """The status with these conditions in place of all of these kinds; one that was there keeps its time."""
    old = status.get("conditions") or []
    times = {(each["type"], each["message"]): each["lastTransitionTime"] for each in old}
    new = [{"lastTransitionTime": times.get(each, now), "message": each[1], "type": each[0]} for each in found]
    conditions = [*(each for each in old if each["type"] not in kinds), *new]
    rest = {key: value for key, value in status.items() if key != "conditions"}
    return {**rest, "conditions": conditions} if conditions else rest


def _health(comparison: Comparison) -> tuple[Health, str]:
    """As the worst of the objects that are there; and why one could not be judged."""
    counted = [pair.live for pair in comparison.pairs if not is_hook(pair.body)]
    live = [body for body in counted if body is not None]
    if counted and not live:
        return "Missing", ""
    found: list[Health] = []
    problem = ""
    for body in live:
        try:
            health = health_of(body)
            found += [health] if health else []
        except Unjudged as error:
            name, namespace = body["metadata"]["name"], body["metadata"].get("namespace", "")
            who = f'"{body["kind"]}" with name "{name}" in namespace "{namespace}"'
            why = f"failed to get resource health for {namespace}/{name}: {error}"
            problem = problem or f"error setting app health: failed to get resource health for {who}: {why}"
            found.append("Unknown")
    return worst(found), problem


def _resource(pair: Pair, comparison: Comparison, project: Json, kinds: Kinds) -> Json:
    meta, (group, _, version) = pair.body["metadata"], pair.body["apiVersion"].rpartition("/")
    kind = kinds.of(pair.body["apiVersion"], pair.body["kind"])
    permitted = permits_kind(project, group, pair.body["kind"], namespaced=kind is None or kind.namespaced)
    status = "Unknown" if comparison.error or not permitted else "OutOfSync" if pair.differs else "Synced"
    hook = is_hook(pair.body)
    found = {
        "group": group, "version": version, "kind": pair.body["kind"], "namespace": meta.get("namespace"),
        "name": meta["name"], "status": "" if hook else status, "hook": hook, "requiresPruning": pair.target is None,
        "syncWave": wave_of(pair.target) if pair.target else 0,
    }  # fmt: skip
    return {key: value for key, value in found.items() if value}


def wave_of(body: Json) -> int:
    """In which of a sync's waves an object is applied."""
    text = names.annotation(body, names.WAVE)
    return int(text) if text.lstrip("-").isdigit() else 0


def _summary(comparison: Comparison) -> Json:
    live = [pair.live for pair in comparison.pairs if pair.live is not None]
    images = sorted({image for body in live for image in images_of(body)})
    apps = any(body["kind"] == "Application" for body in live)
    return {**({"images": images} if images else {}), **({"isAppOfApps": True} if apps else {})}


def images_of(body: Json) -> Iterator[str]:
    """The images of a pod, or of what makes pods."""
    spec = body.get("spec") or {}
    pod = spec if body["kind"] == "Pod" else (spec.get("template") or {}).get("spec") or {}
    for key in ("initContainers", "containers"):
        yield from (each["image"] for each in pod.get(key) or () if each.get("image"))

"""What a comparison makes of an Application's status."""

from collections.abc import Iterator

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.argocd import names
from aiops.lab.argocd.comparison import Comparison, Pair, is_hook
from aiops.lab.argocd.health import Status, Unjudged, health_of, worst
from aiops.lab.argocd.projects import permits_kind


def compared_to(app: Json) -> Json:
    """The spec for which a comparison holds."""
    spec = app["spec"]
    found = {"destination": spec["destination"]}
    if spec.get("sources"):
        found |= {"source": {"repoURL": ""}, "sources": spec["sources"]}
    else:
        found["source"] = spec["source"]
    return {**found, "ignoreDifferences": spec["ignoreDifferences"]} if spec.get("ignoreDifferences") else found


def after(app: Json, comparison: Comparison, project: Json, kinds: Kinds, now: str) -> Json:
    """The status after a comparison."""
    many = "sources" in app["spec"]
    sync: Json = {"status": comparison.sync, "comparedTo": compared_to(app)}
    sync |= {"revisions": list(comparison.revisions)} if many else {"revision": comparison.revisions[0]}
    health, problems = health_among(comparison)
    errors = [("ComparisonError", text) for text in (comparison.error, *problems) if text]
    status = {
        **{key: value for key, value in (app.get("status") or {}).items() if key not in ("sourceType", "sourceTypes")},
        "sync": sync,
        "health": {**(app.get("status") or {}).get("health", {}), "status": health},
        "resources": [_resource(pair, project, kinds, comparison.error) for pair in comparison.pairs],
        "summary": _summary(comparison),
        "controllerNamespace": app["metadata"]["namespace"],
        "resourceHealthSource": "appTree",
        "sourceHydrator": {},
    }
    if not status["resources"]:
        del status["resources"]
    if comparison.types:
        status |= {"sourceTypes": list(comparison.types)} if many else {"sourceType": comparison.types[0]}
    return with_conditions(status, [*errors, *comparison.warnings], OF_COMPARISON, now)


OF_COMPARISON = ("ComparisonError", "SharedResourceWarning", "RepeatedResourceWarning")


def with_conditions(status: Json, found: list[tuple[str, str]], kinds: tuple[str, ...], now: str) -> Json:
    """The status with these conditions in place of all of these kinds; one that is there already keeps its time."""
    old = status.get("conditions") or []
    times = {(each["type"], each["message"]): each["lastTransitionTime"] for each in old}
    new = [
        {"type": kind, "message": message, "lastTransitionTime": times.get((kind, message), now)}
        for kind, message in found
    ]
    conditions = [*(each for each in old if each["type"] not in kinds), *new]
    rest = {key: value for key, value in status.items() if key != "conditions"}
    return {**rest, "conditions": conditions} if conditions else rest


def health_among(comparison: Comparison) -> tuple[Status, list[str]]:
    """How well an Application is: as its worst object, of those that are there."""
    counted = [pair for pair in comparison.pairs if not is_hook(pair.body)]
    if counted and all(pair.live is None for pair in counted):
        return "Missing", []
    healths: list[Status] = []
    problems: list[str] = []
    for live in (pair.live for pair in counted if pair.live is not None):
        try:
            healths += [health[0]] if (health := health_of(live)) else []
        except Unjudged as error:
            meta = live["metadata"]
            who = f'"{live["kind"]}" with name "{meta["name"]}" in namespace "{meta.get("namespace", "")}"'
            where = f"failed to get resource health for {meta.get('namespace', '')}/{meta['name']}"
            problems.append(f"error setting app health: failed to get resource health for {who}: {where}: {error}")
            healths.append("Unknown")
    return worst(healths), problems[:1]


def _resource(pair: Pair, project: Json, kinds: Kinds, error: str) -> Json:
    meta = pair.body["metadata"]
    group, _, version = pair.body["apiVersion"].rpartition("/")
    kind = kinds.of(pair.body["apiVersion"], pair.body["kind"])
    found = {
        "group": group, "version": version, "kind": pair.body["kind"],
        "namespace": meta.get("namespace"), "name": meta["name"],
        "syncWave": wave_of(pair.target) if pair.target else 0,
        "requiresPruning": pair.target is None, "hook": is_hook(pair.body),
    }  # fmt: skip
    if not found["hook"]:
        namespaced = kind is None or kind.namespaced
        permitted = permits_kind(project, group, pair.body["kind"], namespaced=namespaced)
        found["status"] = "Unknown" if error or not permitted else "OutOfSync" if pair.differs else "Synced"
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
    pod = spec if body["kind"] == "Pod" else (spec.get("template") or {}).get("spec") if "template" in spec else None
    for key in ("initContainers", "containers"):
        yield from (each["image"] for each in (pod or {}).get(key) or () if each.get("image"))

"""What an AppProject permits its Applications."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from aiops.lab.api.kinds import Json
from aiops.lab.argocd.names import IN_CLUSTER, no_such_cluster


def refusals(project: Json, app: Json) -> list[str]:
    """Why an Application's spec is not permitted."""
    name, destination = project["metadata"]["name"], app["spec"]["destination"]
    if not all(source["repoURL"] and source.keys() & {"path", "chart", "ref"} for source in sources_of(app)):
        return ["spec.source.repoURL and either spec.source.path or spec.source.chart are required"]
    allowed = [url.removesuffix(".git") for url in project["spec"].get("sourceRepos") or ()]
    urls = [source["repoURL"] for source in sources_of(app)]
    refused = [url for url in urls if not _one_of(url.removesuffix(".git"), allowed)]
    found = [f"application repo {url} is not permitted in project '{name}'" for url in refused]
    if why := no_such_cluster(destination):
        return [*found, why]
    if not permits_namespace(project, namespace := destination.get("namespace", "")):
        where = f"application destination server '{IN_CLUSTER}' and namespace '{namespace}'"
        found.append(f"{where} do not match any of the allowed destinations in project '{name}'")
    return found


def permits_namespace(project: Json, namespace: str) -> bool:
    """Whether objects may go into a namespace of the cluster."""
    here = [
        each
        for each in project["spec"].get("destinations") or ()
        if fnmatchcase(IN_CLUSTER, each.get("server", "")) or fnmatchcase("in-cluster", each.get("name", ""))
    ]
    return _one_of(namespace, [each.get("namespace", "") for each in here])


def permits_kind(project: Json, group: str, kind: str, *, namespaced: bool) -> bool:
    """Whether objects of a kind may be."""
    scope = "namespace" if namespaced else "cluster"
    allowed, denied = (project["spec"].get(f"{scope}Resource{sort}list") for sort in ("White", "Black"))
    listed = allowed is None if namespaced else False
    return (listed or _listed(group, kind, allowed or ())) and not _listed(group, kind, denied or ())


def sources_of(app: Json) -> list[Json]:
    """An Application's sources, be it one or more."""
    spec = app["spec"]
    return list(spec.get("sources") or (spec.get("source") or {"repoURL": ""},))


def _listed(group: str, kind: str, entries: Iterable[Json]) -> bool:
    return any(fnmatchcase(group, each["group"]) and fnmatchcase(kind, each["kind"]) for each in entries)


def _one_of(text: str, patterns: Sequence[str]) -> bool:
    denied = any(fnmatchcase(text, pattern[1:]) for pattern in patterns if pattern.startswith("!"))
    return not denied and any(fnmatchcase(text, pattern) for pattern in patterns)

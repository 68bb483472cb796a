"""What an Application's sources ask for, beside what is live."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.api.objects import Objects
from aiops.lab.argocd import names
from aiops.lab.argocd.applying import predicted
from aiops.lab.argocd.differences import ignored, same
from aiops.lab.argocd.manifests import Rendered
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.argocd.repositories import Unreadable
from aiops.lab.argocd.tracking import Tracking, tracked

Key = tuple[str, str, str, str]
"""Group, kind, namespace, name."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """An object as git wants it, and as it is; one of both may be missing."""

    target: Json | None
    live: Json | None
    differs: bool

    @property
    def body(self) -> Json:
        """The live one, or else the wanted."""
        return self.live or self.target or {}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One look at an Application's sources and at the cluster."""

    revisions: tuple[str, ...]
    """Of each source: the commit, or as it is written where that could not be read."""
    types: tuple[str, ...]
    pairs: tuple[Pair, ...]
    """All but hooks, and the live hooks."""
    hooks: tuple[Json, ...]
    error: str
    """Why the sources cannot be rendered."""

    @property
    def sync(self) -> str:
        """Synced, OutOfSync or Unknown."""
        if self.error:
            return "Unknown"
        return "OutOfSync" if any(pair.differs and not is_hook(pair.body) for pair in self.pairs) else "Synced"


def key_of(body: Json) -> Key:
    """An object's key."""
    meta = body["metadata"]
    return body["apiVersion"].rpartition("/")[0], body["kind"], meta.get("namespace", ""), meta["name"]


def is_hook(body: Json) -> bool:
    """An object that is only there to run during a sync."""
    return bool(names.annotation(body, names.HOOK))


class Comparer:
    """Compares Applications; remembers how each pair of objects came out."""

    def __init__(self, objects: Objects, repo_server: RepoServer, tracking: Tracking) -> None:
        self._objects, self._kinds = objects, objects.kinds
        self._repo_server, self._tracking = repo_server, tracking
        self._seen: dict[tuple[str, Key], tuple[object, bool]] = {}

    async def compare(self, app: Json, sources: Sequence[Json], revisions: Sequence[str], *, fresh: bool) -> Comparison:
        """Compare what is live with these sources, at these revisions (empty: at the one that each names)."""
        commits, error = tuple(revisions) or tuple(source.get("targetRevision", "") for source in sources), ""
        rendered: tuple[Rendered, ...] = ()
        try:
            found = [each async for each in self._rendered(app, sources, revisions, fresh)]
            commits, rendered = tuple(commit for commit, _ in found), tuple(each for _, each in found)
        except Unreadable as why:
            error = f"Failed to load target state: {why}"
        wanted = [body for each in rendered for body in each.objects]
        placed = [(tracked(_placed(body, app, self._kinds), app), body) for body in wanted]
        targets = {key_of(target): (target, body) for target, body in placed if not is_hook(body)}
        return Comparison(
            revisions=commits, types=tuple(each.type for each in rendered), pairs=tuple(self._pairs(app, targets)),
            hooks=tuple(target for target, _ in placed if is_hook(target)), error=error,
        )  # fmt: skip

    async def _rendered(
        self, app: Json, sources: Sequence[Json], revisions: Sequence[str], fresh: bool
    ) -> AsyncIterator[tuple[str, Rendered]]:
        name, namespace = app["metadata"]["name"], app["spec"]["destination"].get("namespace", "")
        for number, source in enumerate(sources):
            try:
                await self._repo_server.answers()
                named = revisions[number] if number < len(revisions) else ""
                commit = self._repo_server.commit(source, named, fresh=fresh)
                yield commit, self._repo_server.render(source, commit, name, namespace)
            except Unreadable as error:
                where = f"failed to generate manifest for source {number + 1} of {len(sources)}"
                raise Unreadable(f"{where}: rpc error: code = {error.code} desc = {error}") from error

    def _pairs(self, app: Json, targets: dict[Key, tuple[Json, Json]]) -> Iterator[Pair]:
        live = {key_of(body): body for body in self._tracking.of(app["metadata"]["name"])}
        for key, (target, _) in targets.items():
            kind = self._kinds.of(target["apiVersion"], target["kind"])
            if kind and (found := self._objects.find(kind.resource, key[3], key[2])):
                live[key] = found
        for key in sorted(targets.keys() | live.keys(), key="/".join):
            wanted, body = targets.get(key), live.get(key)
            differs = wanted is None or body is None or self._differs(app, key, *wanted, body)
            yield Pair(target=wanted[0] if wanted else None, live=body, differs=differs)

    def _differs(self, app: Json, key: Key, target: Json, rendered: Json, live: Json) -> bool:
        """Worked out anew only where one of both, or what is ignored, is another than the last time."""
        paths, meta = ignored(app, target), live["metadata"]
        server_side = "ServerSideApply=true" in ((app["spec"].get("syncPolicy") or {}).get("syncOptions") or ())
        state = (id(rendered), meta["uid"], meta["resourceVersion"], tuple(paths), server_side)
        known, differs = self._seen.get((app["metadata"]["name"], key), (None, False))
        if known != state:
            kind = self._kinds.of(target["apiVersion"], target["kind"])
            differs = kind is None or not same(predicted(kind, target, live, server_side=server_side), live, paths)
            self._seen[app["metadata"]["name"], key] = state, differs
        return differs


def _placed(body: Json, app: Json, kinds: Kinds) -> Json:
    """In the Application's namespace where it names none, and in none where its kind has none."""
    kind, meta = kinds.of(body["apiVersion"], body["kind"]), body["metadata"]
    if kind is not None and not kind.namespaced:
        return {**body, "metadata": {key: value for key, value in meta.items() if key != "namespace"}}
    return {**body, "metadata": {"namespace": app["spec"]["destination"].get("namespace", ""), **meta}}

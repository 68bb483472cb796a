"""What an Application's sources ask for, beside what is live."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from aiops.lab.api.kinds import Json, Kinds
from aiops.lab.api.objects import Objects
from aiops.lab.argocd import names
from aiops.lab.argocd.applying import predicted
from aiops.lab.argocd.differences import ignored, same
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.argocd.repositories import Unreadable
from aiops.lab.argocd.tracking import Tracking, owner_of, tracked

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
    warnings: tuple[tuple[str, str], ...]
    """Conditions besides: type and message."""

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
        error, types, wanted = "", [], []
        commits = [source.get("targetRevision", "") for source in sources]
        try:
            found = [each async for each in self._rendered(app, sources, revisions, fresh)]
            commits, types = [commit for commit, _, _ in found], [type_ for _, type_, _ in found]
            wanted = [body for _, _, bodies in found for body in bodies]
        except Unreadable as why:
            error = f"Failed to load target state: {why}"
        bodies = [tracked(_placed(body, app, self._kinds), app) for body in wanted]
        hooks = tuple(body for body in bodies if is_hook(body))
        targets = {
            key_of(body): (body, source) for body, source in zip(bodies, wanted, strict=True) if not is_hook(body)
        }
        pairs = tuple(self._pairs(app, targets))
        return Comparison(
            revisions=tuple(commits), types=tuple(types), pairs=pairs, hooks=hooks, error=error,
            warnings=(*_repeated(bodies), *_shared(app, pairs)),
        )  # fmt: skip

    async def _rendered(
        self, app: Json, sources: Sequence[Json], revisions: Sequence[str], fresh: bool
    ) -> AsyncIterator[tuple[str, str, tuple[Json, ...]]]:
        name, namespace = app["metadata"]["name"], app["spec"]["destination"].get("namespace", "")
        for number, source in enumerate(sources):
            try:
                await self._repo_server.answers()
                known = revisions[number] if number < len(revisions) else ""
                commit = known or self._repo_server.commit(source, fresh=fresh)
                rendered = self._repo_server.render(source, commit, name, namespace)
            except Unreadable as error:
                where = f"failed to generate manifest for source {number + 1} of {len(sources)}"
                raise Unreadable(f"{where}: rpc error: code = {error.code} desc = {error}") from error
            yield commit, rendered.type, rendered.objects

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

    def _differs(self, app: Json, key: Key, target: Json, source: Json, live: Json) -> bool:
        """Worked out anew only where one of both, or what is ignored, is another than the last time."""
        paths = ignored(app, target)
        server_side = "ServerSideApply=true" in ((app["spec"].get("syncPolicy") or {}).get("syncOptions") or ())
        meta = live["metadata"]
        state = (id(source), meta["uid"], meta["resourceVersion"], tuple(paths), server_side)
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


def _repeated(bodies: Sequence[Json]) -> Iterator[tuple[str, str]]:
    for key, times in Counter(map(key_of, bodies)).items():
        if times > 1:
            yield (
                "RepeatedResourceWarning",
                f"Resource {'/'.join(key)} appeared {times} times among application resources.",
            )


def _shared(app: Json, pairs: Sequence[Pair]) -> Iterator[tuple[str, str]]:
    own = app["metadata"]["name"]
    for live in (pair.live for pair in pairs if pair.live is not None):
        if (other := owner_of(live)) not in ("", own):
            where = app["metadata"]["namespace"]
            text = f"{live['kind']}/{live['metadata']['name']} is part of applications {where}/{own} and {other}"
            yield "SharedResourceWarning", text

"""Argo CD's repo server: renders sources, or does not answer."""

import asyncio
import json

from aiops.lab.api.kinds import Json
from aiops.lab.argocd.manifests import Rendered, render
from aiops.lab.argocd.repositories import Repositories, Unreadable
from aiops.lab.cluster import Cluster

PART = "argocd-repo-server"
PATIENCE_S = 60.0
"""How long a controller waits for an answer."""


class RepoServer:
    """Both controllers ask it."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.repositories = Repositories(cluster.repositories, cluster.tree, cluster.clock, cluster.pace.git_s)
        self._rendered: dict[tuple[str, ...], Rendered] = {}

    async def answers(self) -> None:
        """Return once it can be asked; Unreadable where it cannot."""
        parts, speed = self._cluster.parts, self._cluster.clock.speed
        if parts.state(PART) == "down":
            dialing = "transport: Error while dialing: dial tcp 127.0.0.1:8081: connect: connection refused"
            raise Unreadable(f'connection error: desc = "{dialing}"', code="Unavailable")
        try:
            await asyncio.wait_for(parts.until_up(PART), PATIENCE_S / speed)
        except TimeoutError:
            raise Unreadable("context deadline exceeded", code="DeadlineExceeded") from None

    def commit(self, source: Json, *, fresh: bool) -> str:
        """The revision of a source: a commit, or a chart's version."""
        if source.get("chart"):
            return str(source.get("targetRevision", ""))
        return self.repositories.commit(source["repoURL"], source.get("targetRevision", ""), fresh=fresh)

    def render(self, source: Json, commit: str, release: str, namespace: str) -> Rendered:
        """The objects of a source at a commit."""
        key = json.dumps(source, sort_keys=True), commit, release, namespace
        if key not in self._rendered:
            tree = {} if source.get("chart") else self.repositories.tree(source["repoURL"], commit)
            self._rendered[key] = render(tree, source, release, namespace, self._cluster.kinds)
        return self._rendered[key]

"""Argo CD's repo server: renders sources, or does not answer."""

import asyncio
import json
import re

from aiops.lab.api.kinds import Json
from aiops.lab.argocd.manifests import Rendered, render
from aiops.lab.argocd.repositories import Repositories, Unreadable
from aiops.lab.cluster import Cluster

PART = "argocd-repo-server"
COMMIT = re.compile(r"[0-9a-f]{40}")
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
            async with asyncio.timeout(PATIENCE_S / speed):
                await parts.until_up(PART)
        except TimeoutError:
            raise Unreadable("context deadline exceeded", code="DeadlineExceeded") from None

    def commit(self, source: Json, revision: str = "", *, fresh: bool) -> str:
        """The commit of a source, or a chart's version; at a revision other than its own where that is given."""
        revision = revision or source.get("targetRevision", "")
        if source.get("chart") or COMMIT.fullmatch(revision):
            return revision
        return self.repositories.commit(source["repoURL"], revision, fresh=fresh)

    def render(self, source: Json, commit: str, release: str, namespace: str) -> Rendered:
        """The objects of a source at a commit."""
        key = json.dumps(source, sort_keys=True), commit, release, namespace
        if key not in self._rendered:
            tree = {} if source.get("chart") else self.repositories.tree(source["repoURL"], commit)
            self._rendered[key] = render(tree, source, release, namespace, self._cluster.kinds)
        return self._rendered[key]

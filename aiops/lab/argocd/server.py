"""Argo CD's API server, as far as aiops asks it: plain HTTP on loopback, with one account's token."""

import secrets
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from aiops.lab.api.kinds import Json
from aiops.lab.api.objects import Writer
from aiops.lab.argocd import names
from aiops.lab.argocd.projects import sources_of
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.argocd.repositories import Unreadable
from aiops.lab.cluster import Cluster

PART, ACCOUNT, VERSION = "argocd-server", "admin", "v3.5.7"
BY = Writer(user=f"system:serviceaccount:argocd:{PART}", manager=PART)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
STATUS = {5: 404, 7: 403, 9: 400, 16: 401}
"""HTTP's status for gRPC's code."""


class Answer(Exception):
    """An answer that is a failure: gRPC's code and what is said."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Server:
    """It listens from its start to the end of its loop."""

    def __init__(self, cluster: Cluster, repo_server: RepoServer) -> None:
        self._cluster, self._objects, self._repo_server = cluster, cluster.objects, repo_server
        self.token, self.address = secrets.token_urlsafe(32), ""

    async def start(self) -> None:
        """Listen on a free port of loopback."""
        app = web.Application(middlewares=[self._guard])
        one = "/api/v1/applications/{name}"
        app.add_routes(
            [web.get("/api/version", self._version), web.get(one, self._get), web.post(f"{one}/sync", self._sync)]
        )
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self._cluster.at_end.append(runner.cleanup)
        self.address = "{}:{}".format(*runner.addresses[0][:2])

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self._cluster.parts.state(PART) == "down" and request.transport is not None:
            request.transport.abort()
        await self._cluster.parts.until_up(PART)
        if request.method != "GET" and request.headers.get("Content-Type") != "application/json":
            return web.Response(status=415, text="Invalid content type\n")
        try:
            if request.path != "/api/version" and request.headers.get("Authorization") != f"Bearer {self.token}":
                raise Answer(16, "no session information")
            return await handler(request)
        except Answer as error:
            body = {"error": str(error), "code": error.code, "message": str(error)}
            return web.json_response(body, status=STATUS.get(error.code, 500))

    async def _version(self, _request: web.Request) -> web.Response:
        return web.json_response({"Version": VERSION})

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(_shown(self._find(request, request.query.get("project", ""))))

    async def _sync(self, request: web.Request) -> web.Response:
        asked = await request.json()
        app = self._find(request, asked.get("project", ""))
        try:
            operation = self._operation(app, asked)
        except Unreadable as error:
            raise Answer(2, f"failed to resolve revision: {error}") from error
        if app.get("operation"):
            raise Answer(9, "another operation is already in progress")
        asked_for = self._objects.edit(
            names.APPLICATIONS, app["metadata"]["name"], names.NAMESPACE,
            lambda was: names.with_operation(was, operation), BY,
        )  # fmt: skip
        return web.json_response(_shown(asked_for))

    def _operation(self, app: Json, asked: Mapping[str, Json]) -> Json:
        """The Application's own options and retry hold where the request names none; the commit is pinned."""
        policy, sources = app["spec"].get("syncPolicy") or {}, sources_of(app)
        commits = [self._repo_server.commit(source, fresh=True) for source in sources]
        sync: Json = {"sources": sources, "revisions": commits}
        if "sources" not in app["spec"]:
            sync = {"source": sources[0], "revision": commits[0]}
        options = asked["syncOptions"].get("items") if "syncOptions" in asked else policy.get("syncOptions")
        more = {"syncOptions": options, **{key: asked.get(key) for key in ("prune", "dryRun", "resources")}}
        return {
            "initiatedBy": {"username": ACCOUNT}, "info": asked.get("infos") or [],
            "retry": asked.get("retryStrategy") or policy.get("retry") or {},
            "sync": {**sync, **{key: value for key, value in more.items() if value}},
        }  # fmt: skip

    def _find(self, request: web.Request, project: str) -> Json:
        """One that is not there is not told from one that is not permitted, unless its project is named."""
        name = request.match_info["name"]
        app = self._objects.find(names.APPLICATIONS, name, names.NAMESPACE)
        if app is None and not project:
            raise Answer(7, "permission denied")
        if app is None or project not in ("", names.project_of(app)):
            raise Answer(5, f'{names.APPLICATIONS} "{name}" not found')
        return app


def _shown(app: Json) -> Json:
    return {key: value for key, value in app.items() if key not in ("apiVersion", "kind")}

"""An Argo CD that does its work within the write that asks for it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from aiops.session import Session
from tests.operations.api import APPLICATIONS, Api, Json


class Argo:
    """`phase` is how its syncs end; `log` says of which application what was done."""

    def __init__(self, api: Api, session: Session, commit: str) -> None:
        self.api, self.session, self.commit = api, session, commit
        self.phase, self.message = "Succeeded", "successfully synced (all tasks run)"
        self.log: list[str] = []
        self._now = datetime(2026, 1, 31, 12, tzinfo=UTC)
        api.controller, api.post = self.control, self.post

    def has(self, names: Iterable[str], status: str = "OutOfSync") -> None:
        """The tree's applications of these names, compared with an older commit."""
        for app in self.session.tree.applications:
            if app.name in names:
                sync = {"status": status, "revision": "0" * 40}
                body = {**app.manifest, "status": {"reconciledAt": self.time(), "sync": sync}}
                self.api.put(APPLICATIONS, {**body, "metadata": {**app.manifest["metadata"], "uid": app.name}})

    def time(self) -> str:
        """Ever later."""
        self._now += timedelta(seconds=1)
        return f"{self._now:%Y-%m-%dT%H:%M:%SZ}"

    def control(self, body: Json) -> None:
        name, status = body["metadata"]["name"], body.get("status", {})
        if body["metadata"].get("annotations", {}).pop("argocd.argoproj.io/refresh", None):
            self.log.append(f"looked at {name}")
            self._look(body)
        if operation := body.pop("operation", None):
            self.log.append(f"synced {name}")
            status["operationState"] = {
                "phase": self.phase, "message": self.message, "operation": operation, "finishedAt": self.time(),
                "retryCount": 1, "syncResult": {"revision": self.commit, "resources": []},
            }  # fmt: skip
            if self.phase == "Succeeded":
                status["sync"]["status"] = "Synced"
                self._look(body)
            if self.phase == "Running":
                body["operation"] = operation

    def post(self, path: str, request: Json) -> Json:
        """`POST /api/v1/applications/NAME/sync` of its own API."""
        app = self.api.objects[f"{APPLICATIONS}/{path.split('/')[-2]}"]
        app["operation"] = {"info": request["infos"], "project": request["project"]}
        self.control(app)
        self.api.put(APPLICATIONS, app)
        return app

    def _look(self, body: Json) -> None:
        keys = ("source", "sources", "destination", "ignoreDifferences")
        compared = {key: body["spec"][key] for key in keys if key in body["spec"]}
        body["status"]["sync"].update(revision=self.commit, comparedTo=compared)
        body["status"]["reconciledAt"] = self.time()

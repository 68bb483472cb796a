"""Requests to a lab's API server, as one of its users."""

import base64
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

Json = dict[str, Any]
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
APPLICATIONS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
PROJECTS = "/apis/argoproj.io/v1alpha1/namespaces/argocd/appprojects"


class Client:
    """By a kubeconfig; without it (or with another token), as somebody else."""

    def __init__(self, kubeconfig: Path, token: str | None = None) -> None:
        config = json.loads(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
        said = user["token"] if token is None else token
        headers = {"Authorization": f"Bearer {said}"} if said else {}
        context = ssl.create_default_context(cadata=ca)
        self._http = httpx.Client(base_url=cluster["server"], verify=context, headers=headers, timeout=10.0)

    def ask(
        self, method: str, path: str, body: object = None, *, media: str = "application/json", accept: str = ""
    ) -> httpx.Response:
        """Any request."""
        headers = {"Accept": accept} if accept else {}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        if body is None:
            return self._http.request(method, path, headers=headers)
        return self._http.request(method, path, content=content, headers={**headers, "Content-Type": media})

    def get(self, path: str, accept: str = "") -> Json:
        """What is there, which must be there."""
        return self._done(self.ask("GET", path, accept=accept))

    def create(self, path: str, body: Json) -> Json:
        """Make an object."""
        return self._done(self.ask("POST", path, body))

    def patch(self, path: str, body: object) -> Json:
        """By a merge patch."""
        return self._done(self.ask("PATCH", path, body, media="application/merge-patch+json"))

    def delete(self, path: str) -> Json:
        """Delete an object."""
        return self._done(self.ask("DELETE", path))

    def refusal(self, method: str, path: str, body: object = None, **how: str) -> tuple[int, str]:
        """Code and message of the Status that says no."""
        answer = self.ask(method, path, body, **how)
        status = answer.json()
        assert (status["kind"], status["status"], status["code"]) == ("Status", "Failure", answer.status_code)
        return answer.status_code, status["message"]

    def watch(
        self, path: str, number: int, accept: str = "", meanwhile: Callable[[], object] | None = None
    ) -> list[Json]:
        """So many events, or all until the server ends it; `meanwhile` is done once it has begun."""
        events: list[Json] = []
        with self._http.stream("GET", path, headers={"Accept": accept} if accept else {}) as answer:
            assert answer.status_code == 200
            if meanwhile is not None:
                meanwhile()
            for line in answer.iter_lines():
                events.append(json.loads(line))
                if len(events) == number:
                    break
        return events

    def close(self) -> None:
        """End its connections."""
        self._http.close()

    @staticmethod
    def _done(answer: httpx.Response) -> Json:
        assert answer.is_success, answer.text
        body: Json = answer.json()
        return body


def config_map(name: str, labels: Json | None = None, **data: str) -> Json:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": labels or {}}, "data": data}

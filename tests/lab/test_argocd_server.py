"""Argo CD's API server, over HTTP and through the client that aiops uses."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from aiops.clients.argocd import ArgoCD
from aiops.errors import AiopsError, Conflict, LoginFailed, NotFound, Unreachable
from aiops.lab.api.kinds import Json
from aiops.lab.argocd import names
from aiops.lab.argocd.repo_server import RepoServer
from aiops.lab.argocd.server import Server
from aiops.lab.cluster import Cluster
from tests.lab.argocd import NOTE, app, application, argocd, edit, write
from tests.lab.world import running, settled

Call = Callable[..., Json]


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    write(tmp_path, "app/note.yaml", NOTE)
    cluster = argocd(tmp_path)
    cluster.argocd = Server(cluster, RepoServer(cluster))
    return cluster


def story(cluster: Cluster, play: Callable[[ArgoCD], object], token: str = "") -> object:
    """What becomes of a call of aiops' own client, which runs in a thread as aiops does."""

    async def run() -> object:
        server = cluster.argocd
        assert isinstance(server, Server)
        await server.start()
        async with running(cluster):
            await settled(cluster)
            client = ArgoCD(server.address, token or server.token, "--plaintext")
            return await asyncio.to_thread(play, client)

    return asyncio.run(run())


def test_version_and_application(cluster: Cluster) -> None:
    uid = application(cluster)["metadata"]["uid"]

    def play(client: ArgoCD) -> tuple[str, str]:
        return client.version(), client.application("app", "default", "argocd")["metadata"]["uid"]

    assert story(cluster, play) == ("v3.5.7", uid)


def test_a_sync_inherits_options_and_pins_the_commit(cluster: Cluster) -> None:
    options = ["CreateNamespace=true", "RespectIgnoreDifferences=true"]
    application(cluster, syncPolicy={"syncOptions": options, "retry": {"limit": 2}})
    edit(cluster, lambda was: {**was, "metadata": {**was["metadata"], "annotations": {names.SKIP_RECONCILE: "true"}}})
    answer = story(cluster, lambda client: client.sync("app", "default", "argocd", run="r"))
    assert isinstance(answer, dict)
    operation = app(cluster)["operation"]
    assert (operation["sync"]["syncOptions"], operation["retry"], len(operation["sync"]["revision"])) == (
        options,
        {"limit": 2},
        40,
    )
    assert operation["info"] == [{"name": "aiops-run", "value": "r"}]
    assert answer["operation"] == operation


@pytest.mark.parametrize(
    ("play", "token", "error"),
    [
        (lambda client: client.application("nosuch", "default", "argocd"), "", NotFound),
        (lambda client: client.application("app", "other", "argocd"), "", NotFound),
        (lambda client: client.application("app", "default", "argocd"), "wrong", LoginFailed),
        (lambda client: client.sync("held", "default", "argocd", run="r"), "", Conflict),
    ],
)  # fmt: skip
def test_refusals(cluster: Cluster, play: Callable[[ArgoCD], object], token: str, error: type[AiopsError]) -> None:
    application(cluster)
    application(cluster, "held")
    held = {names.SKIP_RECONCILE: "true"}
    edit(
        cluster,
        lambda was: {**was, "metadata": {**was["metadata"], "annotations": held}, "operation": {"sync": {}}},
        "held",
    )
    with pytest.raises(error):
        story(cluster, play, token)


def test_it_is_down_when_it_is_down(cluster: Cluster) -> None:
    cluster.parts.set("argocd-server", "down")
    with pytest.raises(Unreachable):
        story(cluster, lambda client: client.version())


def test_over_plain_http(cluster: Cluster) -> None:
    application(cluster)

    async def run() -> list[tuple[int, str]]:
        server = cluster.argocd
        assert isinstance(server, Server)
        await server.start()
        found = []
        async with running(cluster), aiohttp.ClientSession(f"http://{server.address}") as session:
            await settled(cluster)
            allowed = {"Authorization": f"Bearer {server.token}"}
            one = "/api/v1/applications"
            for method, path, headers in (
                ("GET", f"{one}/nosuch", allowed), ("GET", f"{one}/nosuch?project=default", allowed),
                ("POST", f"{one}/app/sync", allowed), ("GET", f"{one}/app", {}),
            ):  # fmt: skip
                async with session.request(method, path, headers=headers) as answer:
                    found.append((answer.status, await answer.text()))
        return found

    unnamed, named, untyped, stranger = asyncio.run(run())
    assert unnamed == (403, '{"error": "permission denied", "code": 7, "message": "permission denied"}')
    assert (named[0], '"code": 5' in named[1]) == (404, True)
    assert untyped == (415, "Invalid content type\n")
    assert stranger[0] == 401

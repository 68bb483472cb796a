"""Argo CD's API: what is sent, and every answer that is no."""

import socket
from typing import Any

import pytest

from aiops.clients.argocd import ArgoCD, check_server
from aiops.errors import (
    AiopsError,
    ApiRefused,
    Conflict,
    Forbidden,
    LoginFailed,
    NotFound,
    Refused,
    Unreachable,
    WrongUse,
)
from tests.clients.conftest import CANARY
from tests.clients.server import Answer, Reset, Server, Silence, Step

APPLICATION = {
    "metadata": {"name": "web", "creationTimestamp": None},
    "spec": {
        "sources": [{"repoURL": "u"}],
        "revisionHistoryLimit": 3,
        "syncPolicy": {"retry": {"backoff": {"factor": 2}}},
    },
    "status": {"operationState": {"syncResult": {"resources": None}}},
}
"""On these fields the library's own models raise."""


def argocd(api: Server, opts: str = "", **more: Any) -> ArgoCD:
    return ArgoCD(api.address, CANARY, f"--plaintext {opts}", **more)


def refusal(status: int, code: int, message: str) -> Answer:
    return Answer(status, {"error": message, "code": code, "message": message})


def test_a_sync_inherits_the_applications_own_options(api: Server) -> None:
    api.answer(Answer(200, APPLICATION))
    assert argocd(api).sync("web", "platform", "argocd", run="r1") == APPLICATION
    (seen,) = api.seen
    assert (seen.method, seen.path) == ("POST", "/api/v1/applications/web/sync")
    assert seen.headers["Authorization"] == f"Bearer {CANARY}"
    assert seen.headers["Content-Type"] == "application/json"  # exactly, else 415
    assert seen.body == {
        "appNamespace": "argocd",
        "project": "platform",
        "prune": False,
        "infos": [{"name": "aiops-run", "value": "r1"}],
    }


def test_an_application_is_read_as_it_is(api: Server) -> None:
    api.answer(Answer(200, APPLICATION))
    assert argocd(api).application("web", "platform", "argocd") == APPLICATION
    (seen,) = api.seen
    assert (seen.method, seen.path, seen.query) == ("GET", "/api/v1/applications/web", {"project": ["platform"]})
    assert seen.headers["Authorization"] == f"Bearer {CANARY}"


def test_the_version(api: Server) -> None:
    api.answer(Answer(200, {"Version": "v3.5.7+abc"}))
    assert argocd(api).version() == "v3.5.7+abc"


@pytest.mark.parametrize(
    ("step", "error", "words"),
    [
        (refusal(400, 9, "another operation is already in progress"), Conflict, "(400): another operation is"),
        (refusal(400, 3, "revision is not allowed"), ApiRefused, "(400): revision is not allowed"),
        (refusal(401, 16, "invalid session: token is expired"), LoginFailed, "(401): invalid session"),
        (refusal(403, 7, "permission denied"), Forbidden, "(403): permission denied"),
        (refusal(403, 7, "cannot sync: blocked by sync window"), Refused, "blocked by sync window"),
        (refusal(404, 5, "not found"), NotFound, "(404): not found"),
        (refusal(409, 10, "modified"), Conflict, "(409): modified"),
        (Answer(415, b"Invalid content type"), ApiRefused, "(415)"),
        (refusal(429, 8, "slow down"), Unreachable, "(429): slow down"),
        (refusal(500, 2, "rpc error"), Unreachable, "(500): rpc error"),
        (Answer(503, b"<html>no upstream</html>"), Unreachable, "(503)"),
        (Answer(307, b"", {"Location": "https://127.0.0.1/"}), Unreachable, "(307)"),
        (Answer(200, b"<html>sign in</html>"), Unreachable, "no JSON object (a login page?)"),
        (Answer(200, []), Unreachable, "no JSON object"),
        (Answer(500, []), Unreachable, "(500)"),
        (Answer(500, b"\xff"), Unreachable, "(500)"),
        (Reset(), Unreachable, "Connection reset by peer"),
    ],
)
def test_each_failure_is_one_error_and_the_sync_is_sent_once(
    api: Server, step: Step, error: type[AiopsError], words: str
) -> None:
    client = argocd(api)
    api.answer(step)
    with pytest.raises(AiopsError) as caught:
        client.sync("web", "platform", "argocd", run="r1")
    assert type(caught.value) is error
    assert caught.value.message.startswith(f"argocd {api.address}: cannot sync application web")
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert CANARY not in f"{caught.value!r} {caught.value.hint} {client!r}"
    assert len(api.seen) == 1


def test_a_token_that_the_answer_quotes_is_not_repeated(api: Server) -> None:
    api.answer(refusal(401, 16, f"bad header: Bearer {CANARY}"))
    with pytest.raises(LoginFailed, match=r"bad header: Bearer \*\*\*") as caught:
        argocd(api).version()
    assert CANARY not in caught.value.message


def test_nobody_answers_in_time(api: Server) -> None:
    api.answer(Silence())
    with pytest.raises(Unreachable, match="cannot read the version: no answer in time"):
        argocd(api, timeout_s=0.2).version()
    assert len(api.seen) == 1


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unreachable, match="cannot read the version: Connection refused"):
        ArgoCD(address, CANARY).version()


def test_its_own_certificate_has_to_be_allowed(tls_api: Server) -> None:
    with pytest.raises(Unreachable, match="self-signed certificate") as caught:
        ArgoCD(tls_api.address, CANARY).version()
    assert "ARGOCD_OPTS=--insecure" in caught.value.hint
    tls_api.answer(Answer(200, {"Version": "v3"}))
    assert ArgoCD(tls_api.address, CANARY, "--insecure").version() == "v3"


@pytest.mark.parametrize(
    "opts", ["--grpc-web-root-path /argo/", "--grpc-web-root-path=argo --grpc-web --insecure=false"]
)
def test_options_of_the_argocd_cli(api: Server, opts: str) -> None:
    api.answer(Answer())
    argocd(api, opts).version()
    assert api.seen[0].path == "/argo/api/version"


@pytest.mark.parametrize(
    ("opts", "words"),
    [
        ("--port-forward-namespace argocd", "--port-forward-namespace is not supported"),
        ("--core", "--core is not supported"),
        ("--plaintext extra", "extra is not supported"),
        ('--grpc-web-root-path "open', "cannot be read"),
    ],
)
def test_options_that_are_not_understood(opts: str, words: str) -> None:
    with pytest.raises(WrongUse, match=words):
        ArgoCD("argocd.example", CANARY, opts)


def test_a_token_may_end_its_line(api: Server) -> None:
    api.answer(Answer())
    ArgoCD(api.address, f"{CANARY}\n", "--plaintext").version()
    assert api.seen[0].headers["Authorization"] == f"Bearer {CANARY}"


@pytest.mark.parametrize("odd", ["\nmore", "é"])
def test_a_token_that_no_header_can_hold_is_not_quoted(odd: str) -> None:
    with pytest.raises(WrongUse, match="ARGOCD_AUTH_TOKEN holds characters") as caught:
        ArgoCD("argocd.example", CANARY + odd)
    assert CANARY not in caught.value.message


@pytest.mark.parametrize("server", ["https://argocd.example", "argocd.example/argo"])
def test_a_server_is_host_and_port(server: str) -> None:
    with pytest.raises(WrongUse, match="ARGOCD_SERVER"):
        check_server(server)
    assert check_server("argocd.example:443") == "argocd.example:443"

"""Every way in which the API can fail, in the operator's words."""

import socket
import threading

import pytest
from kubernetes.config import ConfigException

from aiops.clients.kube import APPLICATION, Kube
from aiops.clients.login import Patience
from aiops.clients.transport import Request
from aiops.errors import (
    AiopsError,
    ApiRefused,
    Conflict,
    Forbidden,
    Invalid,
    LoginFailed,
    NotFound,
    Unreachable,
)
from tests.clients.conftest import CANARY, Login
from tests.clients.server import Answer, Reset, Server, Silence, Step


def status(code: int, message: str = "no", **more: object) -> Answer:
    return Answer(code, {"kind": "Status", "code": code, "message": message, **more})


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (status(401), LoginFailed, "(401): no"),
        (status(403, "User cannot list"), Forbidden, "(403): User cannot list"),
        (status(404), NotFound, "(404): no"),
        (Answer(404, b"404 page not found\n"), NotFound, "(404)"),
        (status(409), Conflict, "(409): no"),
        (status(400), Invalid, "(400): no"),
        (status(422), Invalid, "(422): no"),
        (status(405), ApiRefused, "(405): no"),
        (status(410), ApiRefused, "(410): no"),
        (status(429), Unreachable, "(429): no"),
        (status(500), Unreachable, "(500): no"),
        (status(503), Unreachable, "(503): no"),
        (Answer(502, b"<html>bad gateway</html>"), Unreachable, "(502)"),
        (Answer(302, b"", {"Location": "https://sso.example/login"}), Unreachable, "a redirect (302)"),
        (Answer(200, b"<html>sign in</html>"), Unreachable, "not JSON, so this is not a Kubernetes API"),
        (Answer(200, b'{"kind": '), Unreachable, "not JSON"),
        (Answer(200, []), Unreachable, "a JSON list"),
        (Answer(200, b"null"), Unreachable, "a JSON NoneType"),
        (Reset(), Unreachable, "Connection reset by peer"),
    ],
    ids=lambda value: str(getattr(value, "status", "")) or None,
)
def test_each_failure_is_one_error_that_says_who_what_and_where(
    kube: Kube, api: Server, answer: Step, error: type[AiopsError], words: str
) -> None:
    api.answer(answer, answer, answer)
    with pytest.raises(AiopsError) as caught:
        kube.get(APPLICATION, "web", "argocd")
    assert type(caught.value) is error
    who = f"kubernetes {api.address}: cannot get applications.argoproj.io web in argocd"
    assert caught.value.message.startswith(who)
    assert words in caught.value.message
    assert "\n" not in caught.value.message
    assert CANARY not in f"{caught.value!r} {caught.value.hint} {kube!r}"


def test_a_token_that_the_answer_quotes_is_not_repeated(kube: Kube, api: Server) -> None:
    api.answer(status(400, f"bad header: Bearer {CANARY}"))
    with pytest.raises(Invalid, match=r"bad header: Bearer \*\*\*") as caught:
        kube.raw("/version")
    assert CANARY not in caught.value.message


def test_a_long_answer_is_cut_to_one_line(kube: Kube, api: Server) -> None:
    api.answer(status(422, "too\nlong " * 200))
    with pytest.raises(Invalid) as caught:
        kube.raw("/version")
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 400


def test_a_conflict_carries_its_causes(kube: Kube, api: Server) -> None:
    cause = {"reason": "FieldManagerConflict", "field": ".spec.replicas", "message": 'conflict with "keda"'}
    api.answer(status(409, details={"causes": [cause]}))
    with pytest.raises(Conflict) as caught:
        kube.merge_patch(APPLICATION, "web", "argocd", {})
    assert caught.value.causes == ((".spec.replicas", 'conflict with "keda"'),)
    assert caught.value.status == 409


@pytest.mark.parametrize("answer", [{}, {"kind": "PodList"}, {"kind": "Pod", "metadata": {}}])
def test_an_object_that_is_no_list_is_no_answer_to_a_list(kube: Kube, api: Server, answer: object) -> None:
    api.answer(Answer(200, answer))
    with pytest.raises(Unreachable, match="is no list"):
        kube.list(APPLICATION)


def test_nobody_listens(login: Login) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(Unreachable, match=f"kubernetes {address}: cannot read /version: Connection refused"):
        login(server=f"http://{address}").raw("/version")


def test_nobody_answers_in_time(login: Login, api: Server) -> None:
    api.answer(Silence())
    with pytest.raises(Unreachable, match="no answer in time"):
        login(timeout_s=0.2).raw("/version")
    assert len(api.seen) == 1  # the time is over: no second try


def test_a_certificate_that_nobody_vouches_for(login: Login, tls_api: Server) -> None:
    with pytest.raises(Unreachable, match=r"TLS: .*self-signed certificate") as caught:
        login(server=tls_api.url).raw("/version")
    assert "certificate-authority" in caught.value.hint


def test_tls_with_a_server_that_speaks_none(login: Login, api: Server) -> None:
    with pytest.raises(Unreachable, match="TLS: ") as caught:
        login(server=api.url.replace("http:", "https:")).raw("/version")
    assert "certificate" not in caught.value.hint


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "No such file", "/run/token"), ConfigException("/run/token is empty")]
)
def test_a_token_that_cannot_be_read_again(login: Login, api: Server, error: Exception) -> None:
    def renew(_: object) -> None:
        raise error

    kube = login()
    kube._transport._client.configuration.refresh_api_key_hook = renew
    with pytest.raises(LoginFailed, match=r"context here: its credential cannot be read: .*/run/token"):
        kube.raw("/version")
    assert api.seen == []


def test_a_login_program_that_hangs_holds_no_other_thread_up(login: Login, api: Server) -> None:
    asked, over = threading.Event(), threading.Event()

    def hang(_: object) -> None:
        asked.set()
        over.wait()

    kube = login(login=Patience(0.2))
    kube._transport._client.configuration.refresh_api_key_hook = hang
    first = threading.Thread(target=lambda: kube._transport._headers(Request("GET", "/", "ask")))
    first.start()
    asked.wait()
    with pytest.raises(LoginFailed, match=r"the login program of the kubeconfig does not answer in 0\.2 s"):
        kube.raw("/version")
    over.set()
    first.join()
    assert api.seen == []

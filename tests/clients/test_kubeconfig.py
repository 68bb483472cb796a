"""Which cluster, and who we are there."""

import base64
import json
import os
import stat
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from aiops.clients import login as programs
from aiops.clients.kube import connect
from aiops.clients.login import Patience
from aiops.errors import LoginFailed, Unreachable, WrongUse
from tests.clients.conftest import CANARY, Login, kubeconfig
from tests.clients.programs import HELPER, read
from tests.clients.server import Answer, Server

V1 = "client.authentication.k8s.io/v1"
EXPIRED, GOOD = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


def plugin(folder: Path, script: str) -> dict[str, Any]:
    """A user whose credential comes from a program."""
    program = folder / "login-program"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {"exec": {"apiVersion": V1, "command": str(program), "interactiveMode": "Never"}}


def credential(**status: str) -> str:
    return f"echo '{json.dumps({'apiVersion': V1, 'kind': 'ExecCredential', 'status': status})}'"


def sent(api: Server) -> list[str | None]:
    return [each.headers.get("Authorization") for each in api.seen]


def test_a_login_program_gives_the_token(login: Login, api: Server, tmp_path: Path) -> None:
    api.answer(Answer())
    login(plugin(tmp_path, credential(token=CANARY))).raw("/version")
    assert sent(api) == [f"Bearer {CANARY}"]


def test_a_token_that_expired_is_renewed(login: Login, api: Server, tmp_path: Path) -> None:
    renewing = (
        f"cd {tmp_path}; if [ -e ran ]; then {credential(token='new', expirationTimestamp=GOOD)}; exit; fi; touch ran"
    )
    api.answer(Answer(), Answer())
    kube = login(plugin(tmp_path, f"{renewing}; {credential(token='old', expirationTimestamp=EXPIRED)}"))
    kube.raw("/version")
    kube.raw("/version")
    assert sent(api) == ["Bearer new", "Bearer new"]


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'no session: run `sso login`' >&2; exit 1", "no session: run `sso login`"),
        (f"echo 'not JSON {CANARY}'", "failed to decode"),
        (credential(), "missing token"),
        (credential(clientCertificateData="x"), "missing clientKeyData"),
    ],
)
def test_a_login_program_that_fails_is_heard_and_nobody_is_asked_anonymously(
    login: Login, api: Server, tmp_path: Path, script: str, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LoginFailed) as caught:
        login(plugin(tmp_path, script))
    assert "context here: the login program" in caught.value.message
    assert words in caught.value.message
    assert CANARY not in caught.value.message
    assert api.seen == []
    assert capfd.readouterr() == ("", "")


def test_a_login_program_that_is_not_there(login: Login) -> None:
    with pytest.raises(LoginFailed, match="No such file or directory: 'absent-program'"):
        login({"exec": {"apiVersion": V1, "command": "absent-program"}})


def test_a_login_program_that_fails_later_stops_the_next_request(
    login: Login, api: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    script = f"cd {tmp_path}; if [ -e ran ]; then echo session over >&2; exit 1; fi; touch ran"
    kube = login(plugin(tmp_path, f"{script}; {credential(token='old', expirationTimestamp=EXPIRED)}"))
    with pytest.raises(LoginFailed, match="session over"):
        kube.raw("/version")
    assert api.seen == []
    assert capfd.readouterr() == ("", "")


def test_a_login_program_that_does_not_end_is_ended(login: Login, tmp_path: Path, pipe: int) -> None:
    with pytest.raises(
        LoginFailed, match=r"context here: the login program .* gave no credential: no answer in 0\.5 s"
    ):
        login(plugin(tmp_path, HELPER.format(folder=tmp_path)), login=Patience(0.5))
    assert (read(pipe), read(pipe)) == (b"up\n", b"")


def test_one_that_does_not_end_later_is_ended_too(login: Login, api: Server, tmp_path: Path, pipe: int) -> None:
    script = f"cd {tmp_path}; if [ -e ran ]; then {HELPER.format(folder=tmp_path)}; fi; touch ran"
    kube = login(
        plugin(tmp_path, f"{script}; {credential(token='old', expirationTimestamp=EXPIRED)}"), login=Patience(0.5)
    )
    with pytest.raises(LoginFailed, match=r"no answer in 0\.5 s"):
        kube.raw("/version")
    assert (api.seen, read(pipe), read(pipe)) == ([], b"up\n", b"")


RENEWING = """
import atexit, pathlib, sys, threading, time
atexit.register(time.sleep, 0.3)  # after all that aiops does at its end
from aiops.clients import login as programs
from aiops.clients.kube import connect
from aiops.clients.login import Patience
kube = connect(None, sys.argv[1], timeout_s=60, login=Patience(60))
for _ in range(8):  # of which one runs the program, and the others would be next
    threading.Thread(target=kube.raw, args=["/version"], daemon=True).start()
pathlib.Path(sys.argv[2]).read_text()
"""
"""Ends once somebody writes into a pipe, whatever its thread waits for."""


@pytest.mark.parametrize("terminal", [False, True])
def test_no_login_program_outlives_us(tmp_path: Path, pipe: int, terminal: bool) -> None:
    """That of a thread, whose own `finally` is never reached; on a terminal it belongs to our group."""
    script = f"cd {tmp_path}; if [ -e ran ]; then exec > {tmp_path}/pipe; echo up; exec sleep 60; fi; touch ran"
    user = plugin(tmp_path, f"{script}; {credential(token='old', expirationTimestamp=EXPIRED)}")
    os.mkfifo(tmp_path / "over")
    words = [kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1", user), str(tmp_path / "over")]
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", RENEWING, *words], stdin=theirs, stdout=theirs if terminal else subprocess.DEVNULL
    ):
        os.close(theirs)
        assert read(pipe) == b"up\n"
        (tmp_path / "over").write_text("")
    assert read(pipe) == b""
    os.close(ours)


def test_a_login_program_that_takes_long_is_told_of(
    login: Login, api: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, by the thread that draws, and not where there is none."""
    monkeypatch.setattr(programs, "LATE_S", 0.2)
    api.answer(Answer(), Answer())
    told: list[str] = []
    slow = f"sleep 0.5; {credential(token='old', expirationTimestamp=EXPIRED)}"
    kube = login(plugin(tmp_path, slow), login=Patience(9.0, lambda: told.append("late")))
    assert told == ["late"]
    thread = threading.Thread(target=kube.raw, args=["/version"])
    thread.start()
    thread.join()
    assert told == ["late"]
    login(login=Patience(9.0, lambda: told.append("no program"))).raw("/version")
    assert told == ["late"]


def test_a_renewal_holds_no_other_thread_up_for_less(login: Login, api: Server, tmp_path: Path) -> None:
    """It may take longer than a request."""
    api.answer(*([Answer()] * 3))
    slow = f"cd {tmp_path}; [ -e ran ] && sleep 0.8; touch ran; {credential(token='old', expirationTimestamp=EXPIRED)}"
    kube = login(plugin(tmp_path, slow), timeout_s=0.4)
    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(kube.raw, ["/version"] * 3)) == [{}] * 3


def test_a_token_file_may_end_its_line(login: Login, api: Server, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{CANARY}\n")
    api.answer(Answer())
    login({"tokenFile": str(tmp_path / "token")}).raw("/version")
    assert sent(api) == [f"Bearer {CANARY}"]


@pytest.mark.parametrize("odd", ["\nsecond line", "\x1b", "é"])
def test_a_token_that_no_header_can_hold_is_not_quoted(login: Login, api: Server, odd: str) -> None:
    with pytest.raises(LoginFailed, match="holds characters") as caught:
        login({"token": CANARY + odd + CANARY}).raw("/version")
    assert CANARY not in caught.value.message
    assert api.seen == []


def test_a_certificate_authority_is_accepted_and_its_copy_private(
    login: Login, tls_api: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    authority = base64.b64encode((tmp_path / "cert.pem").read_bytes()).decode()
    tls_api.answer(Answer(200, {"major": "1"}))
    kube = login(server=tls_api.url, **{"certificate-authority-data": authority})
    assert kube.raw("/version") == {"major": "1"}
    (copy,) = (tmp_path / "temporary").iterdir()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_certificate_is_not_looked_at_where_the_kubeconfig_says_so(login: Login, tls_api: Server) -> None:
    tls_api.answer(Answer(200, {"major": "1"}))
    assert login(server=tls_api.url, **{"insecure-skip-tls-verify": True}).raw("/version") == {"major": "1"}


def contexts(path: Path, *names: str, current: str | None = None) -> str:
    """A kubeconfig with contexts of these names, each to a server of its own name."""
    body: dict[str, Any] = {
        "clusters": [{"name": name, "cluster": {"server": f"http://{name}.example"}} for name in names],
        "contexts": [{"name": name, "context": {"cluster": name, "user": ""}} for name in names],
        "users": [],
    }
    path.write_text(yaml.safe_dump(body | ({} if current is None else {"current-context": current})))
    return str(path)


def server_of(context: str | None, kubeconfig: str | None) -> tuple[str, str]:
    kube = connect(context, kubeconfig, timeout_s=1, login=Patience(9))
    return kube.context, kube.server


def test_the_current_context_or_the_one_that_is_named(tmp_path: Path) -> None:
    path = contexts(tmp_path / "k", "prod", "dev", current="dev")
    assert server_of(None, path) == ("dev", "dev.example")
    assert server_of("prod", path) == ("prod", "prod.example")


@pytest.mark.parametrize("current", [None, "", "gone"])
def test_a_named_context_needs_no_current_one(tmp_path: Path, current: str | None) -> None:
    path = contexts(tmp_path / "k", "prod", "dev", current=current)
    assert server_of("prod", path) == ("prod", "prod.example")
    with pytest.raises(WrongUse, match=r"no current context|no context `gone`") as caught:
        connect(None, path, timeout_s=1, login=Patience(9))
    assert "prod, dev" in caught.value.hint


def test_an_unknown_context_is_guessed_and_all_are_listed(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="no context `prodd`, did you mean `prod`") as caught:
        connect("prodd", contexts(tmp_path / "k", "prod", "dev"), timeout_s=1, login=Patience(9))
    assert caught.value.hint == "contexts: prod, dev"


def test_the_variable_holds_several_files_and_the_option_beats_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = [
        contexts(tmp_path / "a", "prod"),
        str(tmp_path / "absent"),
        contexts(tmp_path / "b", "dev", current="dev"),
    ]
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join(several))
    assert server_of(None, None) == ("dev", "dev.example")
    assert server_of("prod", None) == ("prod", "prod.example")
    assert server_of(None, contexts(tmp_path / "c", "lab", current="lab")) == ("lab", "lab.example")


def test_the_home_folder_holds_the_last_one(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=f"no kubeconfig at {tmp_path}/.kube/config"):
        connect(None, None, timeout_s=1, login=Patience(9))
    (tmp_path / ".kube").mkdir()
    contexts(tmp_path / ".kube/config", "home", current="home")
    assert server_of(None, None) == ("home", "home.example")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "just words",
        f"users: [{{token: {CANARY}",
        "{}",
        "contexts: [{}]",
        "contexts: [{name: here}]\ncurrent-context: here",
        "contexts: [{name: here, context: {cluster: gone}}]\nclusters: []\ncurrent-context: here",
        f"""
            current-context: here
            contexts: [{{name: here, context: {{cluster: c, user: u}}}}]
            clusters: [{{name: c, cluster: {{server: "http://x"}}}}]
            users: [{{name: u, token: {CANARY}}}]
        """,
    ],
)
def test_a_broken_kubeconfig_is_named_and_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "k").write_text(text)
    with pytest.raises(WrongUse, match=f"kubeconfig {tmp_path}/k") as caught:
        connect(None, str(tmp_path / "k"), timeout_s=1, login=Patience(9))
    assert "\n" not in caught.value.message
    assert CANARY not in caught.value.message


def test_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path / "k", "https://x.example", {"client-certificate": "/absent"})
    with pytest.raises(WrongUse, match="File does not exist: /absent"):
        connect(None, path, timeout_s=1, login=Patience(9))


def test_in_a_pod_the_service_account_must_be_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(WrongUse, match="service account cannot be read"):
        connect(None, None, timeout_s=1, login=Patience(9))


def jwt(**claims: object) -> str:
    """A token with these claims, which nobody signed; their JSON must be one that needs no padding of its own."""
    parts = ({"alg": "none"}, claims)
    return ".".join(
        [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts] + ["x"]
    )


def expired(api: Server) -> dict[str, Any]:
    """A user whose OIDC token is over and has to be renewed at `api`."""
    secrets = {"refresh-token": CANARY, "client-id": "i", "client-secret": CANARY}
    return {"auth-provider": {"name": "oidc", "config": {**secrets, "id-token": jwt(exp=1), "idp-issuer-url": api.url}}}


def test_an_oidc_issuer_that_is_down(login: Login, api: Server) -> None:
    api.close()  # nobody listens there any more
    with pytest.raises(LoginFailed, match="here: its OIDC token cannot be renewed: Connection refused") as caught:
        login(expired(api))
    assert CANARY not in caught.value.message


def test_an_oidc_issuer_that_refuses(login: Login, api: Server) -> None:
    api.answer(Answer(200, {"token_endpoint": f"{api.url}/token"}))  # by plain http: the library's own refusal
    with pytest.raises(LoginFailed, match="here: its OIDC token cannot be renewed: ") as caught:
        login(expired(api))
    assert CANARY not in caught.value.message


def test_a_proxy_of_the_environment_is_not_for_this_machine(
    login: Login, api: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As kubectl has it (Go's ProxyFromEnvironment); one that the kubeconfig names is asked all the same."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    api.answer(Answer())
    login({"token": "x"}).raw("/version")
    assert len(api.seen) == 1
    with pytest.raises(Unreachable):
        login({"token": "x"}, **{"proxy-url": "http://127.0.0.1:1"}).raw("/version")
    assert len(api.seen) == 1


@pytest.mark.filterwarnings("ignore::urllib3.exceptions.DependencyWarning")
def test_a_proxys_password_is_not_quoted(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socks", None)  # as where PySocks is not installed
    monkeypatch.delitem(sys.modules, "urllib3.contrib.socks", raising=False)
    with pytest.raises(WrongUse, match=r"proxy-url socks5://\*\*\*@127\.0\.0\.1:1") as caught:
        login(**{"proxy-url": "socks5://me:pa55word@127.0.0.1:1"})
    assert "pa55word" not in caught.value.message


def test_a_password_in_the_servers_address_is_not_quoted(login: Login) -> None:
    assert login(server="https://me:pa55word@kube.example").server == "***@kube.example"

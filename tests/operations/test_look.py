"""Taking the look: each list is asked for once, nothing is written, and no call that goes wrong makes anything fine."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from aiops.checks import ALL
from aiops.checks.access import CLUSTER_READS
from aiops.clients.kinds import CONFIGMAPS, DEPLOYMENTS, PODS, SECRETS, Kind
from aiops.clients.kube import connect
from aiops.clients.login import Patience
from aiops.collect.cluster import DISCOVERED, LISTS, OF_ARGOCD, Read
from aiops.config.load import load
from aiops.config.model import Config
from aiops.errors import Interrupted, LoginFailed
from aiops.judge.plan import Plan, plan_of
from aiops.operations import look as taking
from aiops.operations.doctor import Choice, doctor
from aiops.operations.status import status
from aiops.operations.watch import watch
from aiops.progress.events import Event, Looked, Report, RunStarted
from aiops.progress.results import Diagnosed, Standing
from aiops.render.document import document, dumps
from aiops.render.github import commands
from aiops.render.junit import junit
from aiops.render.text import lines
from aiops.session import Session
from aiops.snapshot.look import Look, loads
from tests.checks.cases import healthy
from tests.clients.conftest import kubeconfig
from tests.operations.conftest import RUN
from tests.real.proxy import REVIEW, Answer, Fault, Proxy, Struck, Upstream, writes

PATIENT_S, IMPATIENT_S, SHORT_S = 10.0, 0.5, 0.5
"""Time limits: of a call that is answered, of a call that is not, and of a look that is cut off."""
SLACK_S = 1.0
AT_ONCE = 6
OF_GIT = ("config", "declared", "generated", "groups-file", "groups-pushed", "plan")
Call = tuple[str, str]
"""Method and path."""
Api = Mapping[Call, Answer]
Json = dict[str, Any]


# The healthy platform's API.

KIND = {"group": "networking.k8s.io", "kind": "NetworkPolicy"}
POLICY: Json = {
    "kind": "NetworkPolicy",
    "metadata": {"name": "everybody", "namespace": "serving"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{}]},
}


@cache
def present() -> Look:
    """The healthy look as if it was just taken, with a NetworkPolicy: without one no Namespace matters."""
    passed = datetime.now(UTC) - healthy().at

    def later(found: re.Match[str]) -> str:
        return (datetime.fromisoformat(found[0]) + passed).strftime("%Y-%m-%dT%H:%M:%SZ")

    look = json.dumps({"aiopsLook": 1, **vars(healthy())}, default=dict)
    found = loads(re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|\+00:00)", later, look))
    found.reads["network-policies"].append(POLICY)
    (app,) = (body for body in found.reads["applications"] if body["metadata"]["name"] == "embeddings")
    app["status"]["resources"].append({**POLICY["metadata"], **KIND, "status": "Synced"})
    return found


def plural(kind: str) -> str:
    return f"{kind.lower()}s"


def discovery(core: bool) -> Json:
    """What `/api` or `/apis` says of the kinds."""
    groups: dict[str, list[Json]] = {}
    for group, kind in present().value("kinds"):
        one = {"resource": plural(kind), "responseKind": {"kind": kind}, "scope": "Namespaced"}
        groups.setdefault(group, []).append(one)
    items = [
        {"metadata": {"name": group}, "versions": [{"version": "v1", "resources": resources}]}
        for group, resources in groups.items()
        if (not group) is core
    ]
    return {"kind": "APIGroupDiscoveryList", "metadata": {}, "items": items}


def listed(items: list[Json]) -> Json:
    return {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": items}


def served(look: Look) -> Api:
    """Every answer of the API."""
    namespaced = {name: kind.path(look.namespace) for name, kind in OF_ARGOCD.items()}
    discovered = {name: Kind(group, "v1", kind, plural(kind)).path() for name, (group, kind) in DISCOVERED.items()}
    everywhere = {name: kind.path() for name, kind in {**LISTS, "secrets": SECRETS}.items()}
    known = {name for name, kind in DISCOVERED.items() if list(kind) in look.value("kinds")}
    paths = {**everywhere, **namespaced, **{name: path for name, path in discovered.items() if name in known}}
    bodies = {
        ("GET", "/version"): look.value("version"),
        ("POST", REVIEW): {"status": {"userInfo": {"username": look.value("user")}}},
        ("GET", "/api"): discovery(core=True),
        ("GET", "/apis"): discovery(core=False),
        ("GET", CONFIGMAPS.path(look.namespace, "argocd-cm")): look.value("argocd-settings"),
        **{("GET", path): listed(list(look.items(name))) for name, path in paths.items()},
    }
    return {call: Answer(200, json.dumps(body).encode()) for call, body in bodies.items()}


@cache
def sound() -> Api:
    return served(present())


def upstream(api: Api) -> Upstream:
    """It answers what it has, and an empty list of what else is in a namespace; objects that it has not are no more."""

    def answer(method: str, target: str, _headers: Mapping[str, str], _body: bytes) -> Answer:
        path = target.partition("?")[0]
        if found := api.get((method, path)):
            return found
        if re.fullmatch(r"/apis?/.*/namespaces/[^/]+/[^/]+", path):
            return Answer(200, json.dumps(listed([])).encode())
        return Answer(404, json.dumps({"kind": "Status", "message": "not found"}).encode())

    return answer


# The operator before it.


class SavedGit:
    """The reads of git and of the config, as they were saved with the look."""

    def __init__(self, _session: Session, _profile: str | None, _sets: Read) -> None:
        pass

    def named(self) -> Mapping[str, Read]:
        return {name: partial(present().value, name) for name in OF_GIT}

    def plan(self) -> Plan:
        return plan_of(present())

    def revision(self) -> Any:
        return SimpleNamespace(delivery=SimpleNamespace(layer_within=lambda _: None, layer_beyond=lambda _: None))


@dataclass(frozen=True)
class Operator:
    """In a checkout, with a proxy before the API for each look."""

    config: Config
    folder: Path

    def proxy(
        self, name: str, fault: Fault | None = None, strikes: Struck = lambda method, path: True, api: Api | None = None
    ) -> Proxy:
        return Proxy(
            upstream(sound() if api is None else api), self.folder / f"{name}.kubeconfig", "here", fault=fault,
            strikes=strikes,
        )  # fmt: skip

    def session(self, proxy: Proxy, request_s: float, look_s: float = 20.0, report: Report = lambda _: None) -> Session:
        path = str(proxy.kubeconfig)
        session = Session({}, self.folder, report, kubeconfig=path, run=RUN, command="doctor")
        timeouts = replace(self.config.aiops.timeouts, look=look_s, request=request_s)
        session.config = replace(self.config, aiops=replace(self.config.aiops, timeouts=timeouts))
        session.kube = connect(None, path, timeout_s=request_s, login=Patience(9))
        return session


def hang_up(session: Session) -> None:
    session.kube._transport._client.rest_client.pool_manager.clear()


def diagnosed(session: Session, profile: str | None = "full") -> Diagnosed:
    """Doctor; its connections are closed."""
    try:
        return doctor(session, profile, Choice(), strict=False, save=None, saved=None)
    finally:
        hang_up(session)


@pytest.fixture
def operator(work: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    monkeypatch.setattr(taking, "GitReads", SavedGit)
    return Operator(load(work / "config.yaml"), work.parent)


def status_of(result: Diagnosed) -> dict[str, str]:
    return {each.slug: each.status for each in result.checks}


def calls(operator: Operator) -> tuple[Call, ...]:
    """Every call that doctor makes of the healthy platform."""
    with operator.proxy("calls") as proxy:
        diagnosed(operator.session(proxy, PATIENT_S))
    return tuple(proxy.calls)


def test_the_healthy_platform_is_sound(operator: Operator) -> None:
    """Else the faults below would prove nothing."""
    with operator.proxy("sound") as proxy:
        result = diagnosed(operator.session(proxy, PATIENT_S))
    assert (result.exit_code, result.warnings) == (0, 0), result
    assert set(sound()) == set(proxy.calls) - {("GET", CONFIGMAPS.path("kube-system", "cluster-autoscaler-status"))}


def standing(session: Session) -> Standing:
    """Status; its connections are closed."""
    try:
        return status(session, None, session.folder)
    finally:
        hang_up(session)


@pytest.mark.parametrize("ask", [diagnosed, standing])
def test_it_only_reads_and_asks_for_nothing_twice(
    operator: Operator, ask: Callable[[Session], Diagnosed | Standing]
) -> None:
    with operator.proxy("reads", Fault.FORBIDDEN, writes) as proxy:
        assert ask(operator.session(proxy, PATIENT_S)).exit_code == 0
    assert [call for call in proxy.calls if writes(*call)] == []
    assert {call: count for call, count in proxy.calls.items() if count > 1} == {}


def troubled() -> Api:
    """The platform with an application that is not well, and with a GPU model that is up."""
    applications = json.loads(json.dumps(present().reads["applications"]))
    for body in applications:
        body["status"]["health"] = {"status": "Degraded", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    deployments = json.loads(json.dumps(present().reads["deployments"]))
    (model,) = (body for body in deployments if body["metadata"]["name"] == "vllm-qwen")
    model["spec"]["replicas"] = 1
    meta = {
        "name": "vllm-qwen-a",
        "uid": "a",
        "namespace": "serving",
        "labels": model["spec"]["template"]["metadata"]["labels"],
    }
    pod = {"kind": "Pod", "metadata": meta, "spec": model["spec"]["template"]["spec"]}
    pod["status"] = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    changed = {"applications": applications, "deployments": deployments, "pods": [*present().reads["pods"], pod]}
    return served(replace(present(), reads={**present().reads, **changed}))


def test_what_lies_beneath_is_only_read_and_once_too(operator: Operator) -> None:
    with operator.proxy("troubled", Fault.FORBIDDEN, writes, troubled()) as proxy:
        result = diagnosed(operator.session(proxy, PATIENT_S))
    assert result.exit_code == 3
    assert [path for _, path in proxy.calls if path.endswith("/events")]
    assert [call for call in proxy.calls if writes(*call)] == []
    assert {call: count for call, count in proxy.calls.items() if count > 1} == {}
    known = [f"/{kind.plural}" for kind in (DEPLOYMENTS, PODS)]
    assert [path for _, path in proxy.calls if path.count("/namespaces/") and path.endswith(tuple(known))] == []


# What goes wrong.


def struck_by(operator: Operator, fault: Fault, call: Call, number: int) -> tuple[Proxy, Diagnosed, float]:
    with operator.proxy(str(number), fault, lambda *each: each == call) as proxy:
        began = time.monotonic()
        request_s = IMPATIENT_S if fault is Fault.SILENT else PATIENT_S
        result = diagnosed(operator.session(proxy, request_s))
        return proxy, result, time.monotonic() - began


def judged(proxy: Proxy, result: Diagnosed, seconds: float) -> Iterator[str]:
    """What is wrong with how it ended; a list that is empty already is as it was."""
    if result.exit_code not in ((0,) if proxy.fault is Fault.EMPTY and not proxy.struck else (3, 5)):
        yield f"exit {result.exit_code}"
    if bugs := [each.slug for each in result.checks if any("a bug in" in found.symptom for found in each.findings)]:
        yield f"a bug in {bugs}"
    if seconds > 20.0 + SLACK_S:
        yield f"took {seconds:.1f} s"
    yield from (f"wrote: {call}" for call in proxy.calls if writes(*call))
    yield from malformed(result)


def malformed(result: Diagnosed) -> Iterator[str]:
    """What is wrong with its four forms of output."""
    started = RunStarted(run=RUN, command="doctor")
    forms: dict[str, Callable[[], object]] = {
        "table": lambda: ["".join(map(str, lines(result)))],
        "json": lambda: json.loads(dumps(document(result, started, 1.0))),
        "junit": lambda: ElementTree.fromstring(junit(result, 1.0)),
        "github": lambda: [re.fullmatch("::(error|warning|notice) title=[^\n]+", line)[0] for line in commands(result)],  # type: ignore[index]
    }
    for form, read in forms.items():
        try:
            assert read() is not None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told with the others
            yield f"{form}: {error!r}"


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_a_call_that_goes_wrong_is_never_fine(operator: Operator, fault: Fault) -> None:
    each_call = calls(operator)
    with ThreadPoolExecutor(AT_ONCE if fault in (Fault.SILENT, Fault.RESET) else 1) as pool:
        every = list(
            pool.map(lambda number: struck_by(operator, fault, each_call[number], number), range(len(each_call)))
        )
    found = {call: list(judged(*seen)) for call, seen in zip(each_call, every, strict=True)}
    assert {call: problems for call, problems in found.items() if problems} == {}
    assert [proxy for proxy, _, _ in every if proxy.struck]


@pytest.mark.parametrize("request_s", [IMPATIENT_S, PATIENT_S], ids=["each call in its time", "the look in its"])
def test_an_api_that_never_answers(operator: Operator, request_s: float) -> None:
    with operator.proxy("silent", Fault.SILENT) as proxy:
        began = time.monotonic()
        result = diagnosed(operator.session(proxy, request_s, SHORT_S))
        assert time.monotonic() - began <= SHORT_S + SLACK_S
    assert result.exit_code == 5
    of_cluster = {check.slug for check in ALL if {*check.reads} & {*CLUSTER_READS}}
    assert [slug for slug in of_cluster if status_of(result)[slug] == "ok"] == []


def test_what_a_long_look_waits_for_is_told(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "PATIENCE_S", 0.0)
    told: list[Any] = []
    with operator.proxy("pods", Fault.SILENT, lambda _, path: path == PODS.path()) as proxy:
        result = diagnosed(operator.session(proxy, PATIENT_S, SHORT_S, told.append))
    assert status_of(result)["nodes-ready"] == "ok"
    assert all(isinstance(each, Looked) for each in told)
    assert {row.name for row in told[-1].rows if row.state == "waiting"} == {"last-words", "pods", "usage"}


@pytest.fixture
def shut_out(operator: Operator, tmp_path: Path) -> Session:
    """Its login program does not end, and has longer than a look."""
    program = {"apiVersion": V1, "command": "sleep", "args": ["60"]}
    path = kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1", {"exec": program})
    session = Session({}, operator.folder, lambda _: None, kubeconfig=path)
    timeouts = replace(operator.config.aiops.timeouts, login=0.7, look=0.6)
    session.config = replace(operator.config, aiops=replace(operator.config.aiops, timeouts=timeouts))
    return session


def test_a_login_that_gives_nothing_costs_the_cluster_alone(shut_out: Session) -> None:
    result = doctor(shut_out, "full", Choice(), strict=False, save=None, saved=None)
    statuses = status_of(result)
    wanted = {"cluster-reachable": "unknown", "config-valid": "ok", "git-readable": "ok", "tree-renders": "ok"}
    assert ({slug: statuses[slug] for slug in wanted}, result.exit_code) == (wanted, 5)
    (unreachable,) = (each for each in result.checks if each.slug == "cluster-reachable")
    assert "gave no credential: no answer in 0.7 s" in unreachable.findings[0].symptom


def counting(folder: Path, first: str, later: str = "exit 1") -> Json:
    """A user whose login program counts how often it runs."""
    program = folder / "login-program"
    which = f"if [ $(wc -l < runs) = 1 ]; then {first}; else {later}; fi"
    program.write_text(f"#!/bin/sh\ncd {folder}; echo run >> runs; {which}\n")
    program.chmod(0o755)
    return {"exec": {"apiVersion": V1, "command": str(program)}}


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines())


V1 = "client.authentication.k8s.io/v1"
EXPIRED = json.dumps({
    "apiVersion": V1, "kind": "ExecCredential",
    "status": {"token": "t", "expirationTimestamp": "2020-01-01T00:00:00Z"},
})  # fmt: skip


def test_a_login_that_ends_is_renewed_once_for_a_look(operator: Operator, tmp_path: Path) -> None:
    """And where that fails, no read tries it again."""
    user = counting(tmp_path, f"echo '{EXPIRED}'", "echo over >&2; exit 1")
    session = Session({}, operator.folder, lambda _: None, kubeconfig=kubeconfig(tmp_path / "k", "http://x", user))
    session.config = operator.config
    result = diagnosed(session)
    (reachable,) = (each for each in result.checks if each.slug == "cluster-reachable")
    assert (reachable.status, runs(tmp_path)) == ("unknown", 2)
    assert "gave no credential: exec: process returned 1. over" in reachable.findings[0].symptom


@pytest.mark.parametrize("config", [None, "aiops: ["])
def test_who_watches_without_a_config_logs_in_once_too(tmp_path: Path, config: str | None) -> None:
    if config is not None:
        (tmp_path / "config.yaml").write_text(config)
    looks: list[Event] = []

    def report(event: Event) -> None:
        looks.append(event)
        if len(looks) == 3:
            raise KeyboardInterrupt

    user = counting(tmp_path, f"echo '{EXPIRED.replace('2020', '2099')}'")
    path = kubeconfig(tmp_path / "k", "http://127.0.0.1:1", user)
    session = Session({}, tmp_path, report, kubeconfig=path)
    with pytest.raises(Interrupted):
        watch(session, None, Choice(only=("cluster-reachable",)), every_s=0.01)
    hang_up(session)
    assert runs(tmp_path) == 1


def test_nobody_watches_a_cluster_without_a_login(shut_out: Session, tmp_path: Path) -> None:
    """Or each look would start the program again; and status has nothing else to tell."""
    with pytest.raises(LoginFailed, match=r"no answer in 0\.7 s"):
        watch(shut_out, "full", Choice(), every_s=0.1)
    with pytest.raises(LoginFailed, match=r"no answer in 0\.7 s"):
        status(shut_out, "full", tmp_path)

"""`doctor` before a real API of which one call after the other goes wrong: never 0, never a traceback, and in time."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from aiops.checks import ALL
from aiops.checks.access import CLUSTER_READS
from aiops.cli import cli
from tests.real.proxy import ApiServer, Fault, Proxy, Struck, writes
from tests.scenarios.conftest import Operator, Outcome

pytestmark = pytest.mark.long

PROFILE = ("--profile", "full")
LOOK_S, SLACK_S = 20.0, 1.0
"""The default of `timeouts.look`, and what may pass after it."""
AT_ONCE = 4
FORMATS = ("table", "json", "junit", "github")
Call = tuple[str, str]
"""Method and path."""


@dataclass(frozen=True)
class Seen:
    """What came of a doctor, with the proxy that it asked."""

    outcome: Outcome
    proxy: Proxy
    seconds: float
    """Of the whole process."""


def proxied(
    operator: Operator, folder: Path, fault: Fault | None = None, strikes: Struck = lambda method, path: True
) -> Proxy:
    """A proxy before the cluster, with the operator's rights; one that strikes."""
    kubeconfig = operator.cluster.environ()["KUBECONFIG"]
    folder.mkdir(exist_ok=True)
    return Proxy(ApiServer(kubeconfig), folder / "kubeconfig", operator.cluster.context, fault=fault, strikes=strikes)


def ask(operator: Operator, proxy: Proxy, *words: str) -> Seen:
    """Run a command through the proxy to its end."""
    with proxy:
        began = time.monotonic()
        outcome = operator(*words, environ={"KUBECONFIG": str(proxy.kubeconfig)})
        return Seen(outcome, proxy, time.monotonic() - began)


@pytest.fixture(scope="module")
def calls(standing: Operator, tmp_path_factory: pytest.TempPathFactory) -> tuple[Call, ...]:
    """Every call that doctor makes of a sound platform, as one run made them."""
    proxy = proxied(standing, tmp_path_factory.mktemp("sound"))
    outcome = ask(standing, proxy, "doctor", *PROFILE).outcome
    assert outcome.code == 0, outcome
    return tuple(proxy.calls)


@pytest.fixture
def configured(standing: Operator) -> Iterator[Callable[[str], None]]:
    """Write other timeouts into the checkout's config; nothing of it is pushed."""
    head = standing.repository.head()

    def write(timeouts: str) -> None:
        standing.repository.edit("config.yaml", lambda text: text.replace("{ answer: 5s }", f"{{ {timeouts} }}"))

    yield write
    standing.repository.reset(head)


def struck_by(operator: Operator, folder: Path, fault: Fault, call: Call) -> Seen:
    """A doctor, one of whose calls goes wrong; what it saw is kept beside."""
    proxy = proxied(operator, folder, fault, lambda *each: each == call)
    return ask(operator, proxy, "doctor", *PROFILE, "-o", "json", "--save", str(folder / "look.json"))


def judged(seen: Seen, folder: Path) -> Iterator[str]:
    """What is wrong with how it ended; a list that is empty already is as it was."""
    code, sound = seen.outcome.code, seen.proxy.fault is Fault.EMPTY and not seen.proxy.struck
    if code not in ((0,) if sound else (3, 5)):
        yield f"exit {code}: {seen.outcome.document['summary']}: {seen.outcome.err}"
    if seen.outcome.document["exitCode"] != code:
        yield f"the document says {seen.outcome.document['exitCode']}, and the exit code is {code}"
    if seen.seconds > LOOK_S + SLACK_S:
        yield f"took {seen.seconds:.1f} s"
    yield from (f"wrote: {call}" for call in seen.proxy.calls if writes(*call))
    yield from malformed(folder / "look.json", code)


def malformed(look: Path, code: int) -> Iterator[str]:
    """What is wrong with the forms of output of what was seen."""
    for form in FORMATS:
        result = CliRunner().invoke(cli, ["doctor", "--from", str(look), "-o", form])
        try:
            assert result.exit_code == code
            READERS[form](result.stdout)
        except (ValueError, AssertionError, ElementTree.ParseError) as error:
            yield f"-o {form}: {error!r}: {result.output}"


def commands(text: str) -> None:
    """As a GitHub workflow reads them: lines that are commands, or words."""
    assert all(line.startswith(("::error", "::warning", "::notice")) for line in text.splitlines()), text


def table(text: str) -> None:
    assert [check.slug for check in ALL if check.slug not in text] == [], text


READERS: dict[str, Callable[[str], object]] = {
    "table": table,
    "json": json.loads,
    "junit": ElementTree.fromstring,
    "github": commands,
}


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name)
def test_a_call_that_goes_wrong_is_never_fine(
    standing: Operator,
    calls: tuple[Call, ...],
    configured: Callable[[str], None],
    fault: Fault,
    tmp_path: Path,
) -> None:
    """Each call goes wrong in one way here, and each way is tried; tests/operations/test_look.py has all of both."""
    mine = calls[[*Fault].index(fault) :: len(Fault)]
    if fault is Fault.SILENT:  # its answers are waited for; of any other, none may come too late
        configured("request: 1s")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        folders = [tmp_path / str(number) for number in range(len(mine))]
        every = list(pool.map(lambda folder, call: struck_by(standing, folder, fault, call), folders, mine))
    found = {
        call: problems
        for folder, call, seen in zip(folders, mine, every, strict=True)
        if (problems := list(judged(seen, folder)))
    }
    assert found == {}
    assert [call for call, seen in zip(mine, every, strict=True) if seen.proxy.struck]


@pytest.mark.parametrize("timeouts", ["answer: 5s", "request: 60s"], ids=["each call in its time", "the look in its"])
def test_an_api_that_never_answers(
    standing: Operator, configured: Callable[[str], None], timeouts: str, tmp_path: Path
) -> None:
    if timeouts != "answer: 5s":
        configured(timeouts)
    proxy = proxied(standing, tmp_path / "silent", Fault.SILENT)
    seen = ask(standing, proxy, "doctor", *PROFILE, "-o", "json")
    assert seen.outcome.code == 5, seen.outcome
    assert seen.seconds <= LOOK_S + SLACK_S, seen.outcome
    of_cluster = {check.slug for check in ALL if {*check.reads} & {*CLUSTER_READS}}
    checks = {each["slug"]: each["status"] for each in seen.outcome.document["result"]["checks"]}
    assert {slug for slug in of_cluster if checks[slug] == "ok"} == set(), seen.outcome


@pytest.mark.parametrize(
    "words", [("doctor", *PROFILE), ("doctor",), ("status", *PROFILE), ("status",)], ids=lambda words: " ".join(words)
)
def test_it_only_reads_and_asks_for_nothing_twice(standing: Operator, words: tuple[str, ...], tmp_path: Path) -> None:
    proxy = proxied(standing, tmp_path / "reads", Fault.FORBIDDEN, writes)
    seen = ask(standing, proxy, *words)
    assert seen.outcome.code == 0, seen.outcome
    assert [call for call in proxy.seen if writes(*call)] == []
    assert {call: count for call, count in proxy.calls.items() if count > 1} == {}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_it_goes_at_once_when_it_is_told_to(standing: Operator, number: int, code: int, tmp_path: Path) -> None:
    """Whether one answer is still out or all of them."""
    for folder, strikes in ((tmp_path / "one", one_list), (tmp_path / "all", lambda *_: True)):
        with proxied(standing, folder, Fault.SILENT, strikes) as proxy:
            words = ("doctor", *PROFILE, "-o", "json")
            process = standing.start(*words, environ={"KUBECONFIG": str(proxy.kubeconfig)})
            assert proxy.met.wait(60)
            time.sleep(1)  # it is looking, and has nothing else to do
            began = time.monotonic()
            os.kill(process.pid, number)
            outcome = standing.finish(process, *words)
            assert time.monotonic() - began <= 1.0
        assert outcome.code == outcome.document["exitCode"] == code, outcome


def one_list(_method: str, path: str) -> bool:
    return path == "/api/v1/pods"

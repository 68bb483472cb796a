"""`status` shows how the platform stands, in the words of `wait`; `history` tells what was done."""

import re
from collections.abc import Callable, Iterator

import pytest

from aiops.snapshot import Json
from tests.scenarios.cluster import eventually
from tests.scenarios.conftest import Operator, Outcome
from tests.scenarios.models import MODEL, gpu_nodes, model_server, scale

pytestmark = pytest.mark.long

Changed = Callable[..., str]
PROFILE = ("--profile", "full")
LAYERS = {
    "platform": "platform-core 4, autoscaling 2, identity 2",
    "serving": r"serving-core 3 \(1 manual\), kserve 2, embeddings 2, coding-assistant 2 \(1 manual\)",
    "routing": "routing-core 3", "llm-gateway": "llm-gateway-core 2", "experience": "experience 2",
    "demos": r"demos 3 \(2 manual\)",
}  # fmt: skip


def rows(outcome: Outcome) -> dict[str, tuple[str, str]]:
    """State and words of each application; `wait` has the ApplicationSets beside them."""
    found: list[Json] = outcome.document["result"]["rows"]
    return {row["name"]: (row["state"], row["detail"]) for row in found if " " not in row["name"]}


def for_no_node(text: str) -> str:
    return text.replace("      containers:\n", "      nodeSelector: {a: b}\n      containers:\n", 1)


def once(operator: Operator, pattern: str) -> Outcome:
    """The first status that says so."""
    seen: list[Outcome] = []

    def says() -> bool:
        seen.append(operator("status"))
        return seen[-1].code == 0 and bool(re.search(pattern, seen[-1].out))

    eventually(operator.cluster, pattern, says)
    return seen[-1]


def test_nothing_and_then_a_part_of_it(bare: Operator) -> None:
    """An empty cluster; then a narrower profile is live, which a wider one would complete."""
    empty = bare("status")
    assert empty.code == 0, empty
    assert "no layer of the platform is on the cluster" in empty.out, empty
    assert "aiops root --profile platform" in empty.out, empty
    for words in (("root", "--profile", "platform"), ("wait", "--profile", "platform")):
        assert bare(*words).code == 0
    needs = r"dex: needs HTTPRoute \(gateway.networking.k8s.io\), which layer routing brings"
    outcome = once(bare, f"deferred +{needs}")  # one look may fall into the second in which Argo CD tries it again
    document = bare("status", "-o", "json")
    assert re.search(r"platform +platform-core 4, autoscaling 2, identity ", outcome.out), outcome
    waited = bare("wait", "--profile", "platform", "--passive", "-o", "json")
    assert rows(document) == rows(waited), document
    seen = bare("doctor")
    assert re.search(needs, seen.out), seen
    assert (seen.code, "complete with a wider profile" in seen.out) == (0, True), seen


def test_a_platform_that_stands(standing: Operator) -> None:
    outcome = standing("status")
    assert outcome.code == 0, outcome
    assert "main is at " + standing.repository.head()[:8] in outcome.out, outcome
    for layer, groups in LAYERS.items():
        assert re.search(rf"✔ {layer} +{groups}$", outcome.out, re.MULTILINE), outcome
    assert "27 applications: 23 settled, 4 manual" in outcome.out, outcome
    for command in ("root --profile full", "wait --profile full"):
        assert re.search(rf"{command} +done", outcome.out), outcome
    assert rows(standing("status", "-o", "json")) == rows(standing("wait", *PROFILE, "--passive", "-o", "json"))


def test_what_is_not_settled_is_told_as_by_wait(standing: Operator, changed: Changed) -> None:
    changed(("platform/keda/deployment.yaml", for_no_node))
    assert standing("wait", *PROFILE, "--timeout", "8s").code == 4
    outcome = once(standing, r"waiting +keda\b.*no node takes it: 0/2 nodes are available")
    document = standing("status", "-o", "json")
    waited = standing("wait", *PROFILE, "--passive", "--timeout", "4s", "-o", "json")
    assert (outcome.code, waited.code) == (0, 4), outcome
    assert rows(document) == rows(waited)
    assert rows(document)["keda"][0] == "waiting", document
    assert "for 0s" not in outcome.out, outcome  # one look cannot tell for how long
    assert re.search(r"platform +platform-core 4, autoscaling 1 of 2, identity 2", outcome.out), outcome
    assert re.search(r"wait --profile full --timeout 8s +failed", outcome.out), outcome
    assert outcome.out.rstrip().endswith("→ aiops doctor"), outcome


@pytest.fixture
def model_up(standing: Operator) -> Iterator[Outcome]:
    """How vllm-up switched the model on; afterwards it is off."""
    assert standing("sync", MODEL).code == 0
    with model_server(standing):
        outcome = standing("vllm-up")
        try:
            assert outcome.code == 0, outcome
            yield outcome
        finally:
            scale(standing, 0)
            eventually(standing.cluster, "the GPU nodes leave", lambda: not gpu_nodes(standing))


def test_a_model_that_is_up(standing: Operator, model_up: Outcome) -> None:
    """Where it runs, who raised it and when, what it has cost; and the run that did it, once more."""
    (node,) = gpu_nodes(standing)
    outcome = standing("status")
    run = standing("history", "-o", "json").document["result"]["runs"][0]["run"]
    assert outcome.code == 0, outcome
    assert re.search(rf"{MODEL}: 1 of 1 ready on {node}, raised by vllm-up of \S+ at \S+ \(run {run}\)", outcome.out)
    assert re.search(rf"{node} \(nvidia-l4\),? up for \d+s, 0\.\d\d so far", outcome.out), outcome
    assert re.search(rf"{run} .*vllm-up +done", outcome.out), outcome
    last = standing("history", "last")
    assert last.code == 0, last
    again = [line.strip() for line in last.out.splitlines()]
    assert [line for line in model_up.out.splitlines() if line.strip() not in again] == [], (model_up, last)


def test_who_may_not_look(standing: Operator) -> None:
    outcome = standing("status", environ={"KUBECONFIG": standing.cluster.stranger()})
    assert outcome.code == 5, outcome
    for right in ("list applications.argoproj.io", "list applicationsets.argoproj.io", "list nodes"):
        assert re.search(rf"this user may not {right}", outcome.out), outcome
    assert "stand" not in outcome.out.splitlines()[-1], outcome


def test_a_cluster_that_does_not_answer(standing: Operator) -> None:
    with standing.cluster.stalled("kube-apiserver"):
        outcome = standing("status")
    assert outcome.code == 5, outcome
    assert "settled" not in outcome.out, outcome


def test_asking_writes_nothing(standing: Operator) -> None:
    def versions() -> str:
        template = "jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion} {end}"
        kinds = "applications,applicationsets,appprojects,configmaps,secrets"
        return standing.cluster.kubectl("-n", "argocd", "get", kinds, "-o", template)

    journals = standing.state / "aiops" / "runs"
    with standing.cluster.stalled("argocd-application-controller"):
        before = versions(), sorted(journals.iterdir())
        for words in (("status",), ("doctor", *PROFILE), ("history",)):
            assert standing(*words).code == 0
        assert (versions(), sorted(journals.iterdir())) == before


def test_a_run_that_was_killed(standing: Operator) -> None:
    with standing.cluster.stalled("argocd-application-controller"):
        process = standing.start("wait", *PROFILE)
        eventually(standing.cluster, "it says something", lambda: "\n" in process.out.read_text())
        first = process.out.read_text().splitlines()[0]
        process.kill()
        process.communicate()
    newest = standing("history").out.splitlines()[0]
    assert "wait --profile full" in newest, newest
    assert "no end is recorded" in newest, newest
    last = standing("history", "last")
    assert (last.code, first in last.out) == (0, True), (first, last)
    assert standing("wait", *PROFILE).code == 0
    assert "no end is recorded" in standing("status").out

"""A model on its way up: in every phase, what ends `vllm-up` at once and what it waits for.

The kubelet, the autoscaler and the cloud are played by hand; the id of each cell names who says so in the real world.
The scheduler, the controllers, admission and Argo CD are real. Several cells are played at once, because half a minute
has to pass before some of them count: each has a model of its own.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue

import pytest

from aiops.snapshot import Json
from tests.scenarios.by_hand import IMAGE, STAGE, Ended, Hand, container, hands, running, stamp
from tests.scenarios.cells import (
    ACCEPTED_FAILS,
    ACCEPTED_WAITS,
    BOOTS,
    CAPACITY_FAILS,
    CAPACITY_WAITS,
    FEW,
    GPU_FAILS,
    GPU_WAITS,
    MOST,
    NODE_FAILS,
    NODE_WAITS,
    Cell,
    both,
    joins,
    leaving,
    makes,
    nothing,
    ordered,
    refuses,
)
from tests.scenarios.cells_placed import (
    IMAGE_FAILS,
    IMAGE_WAITS,
    SERVING_FAILS,
    SERVING_WAITS,
    WEIGHTS_FAILS,
    WEIGHTS_WAITS,
    by_kubelet,
    the_model,
)
from tests.scenarios.conftest import Operator, Outcome
from tests.scenarios.models import MODEL, SERVED

pytestmark = pytest.mark.long

AT_ONCE = 8
"""Cells that are played at the same time."""
FAILS = (
    *ACCEPTED_FAILS, *CAPACITY_FAILS, *NODE_FAILS, *GPU_FAILS, *IMAGE_FAILS, *WEIGHTS_FAILS, *SERVING_FAILS,
)  # fmt: skip
WAITS = (
    *ACCEPTED_WAITS, *CAPACITY_WAITS, *NODE_WAITS, *GPU_WAITS, *IMAGE_WAITS, *WEIGHTS_WAITS, *SERVING_WAITS,
)  # fmt: skip


class Models:
    """Several models by hand, each played with by one at a time."""

    def __init__(self, operator: Operator, folder: Path) -> None:
        self._free: SimpleQueue[Hand] = SimpleQueue()
        for hand in hands(operator, AT_ONCE, folder):
            self._free.put(hand)

    @contextmanager
    def one(self) -> Iterator[Hand]:
        """One that nobody plays with; afterwards it is as it was made."""
        hand = self._free.get(timeout=600)
        try:
            yield hand
        finally:
            hand.clean()
            self._free.put(hand)

    def play(self, cell: Cell) -> Ended:
        """How vllm-up ends in a cell."""
        with self.one() as hand:
            if cell.before:
                cell.before(hand)
            return hand.up(cell.play, *cell.options)


@pytest.fixture(scope="module")
def models(standing: Operator, tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(standing, tmp_path_factory.mktemp("said"))


@pytest.fixture
def model(models: Models) -> Iterator[Hand]:
    with models.one() as hand:
        yield hand


@pytest.fixture(scope="module")
def ended(models: Models, request: pytest.FixtureRequest) -> Iterator[Mapping[str, "Future[Ended]"]]:
    """All cells that were chosen, by their source; those with a deadline first, which take longest."""
    parameters = [getattr(item, "callspec", None) for item in request.session.items]
    cells = [found.params["cell"] for found in parameters if found and "cell" in found.params]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {
            cell.source: pool.submit(models.play, cell) for cell in sorted(cells, key=lambda cell: cell.options)[::-1]
        }
        pool.shutdown(cancel_futures=True)


def cells(chosen: tuple[Cell, ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("cell", chosen, ids=[cell.source for cell in chosen])


def repeated(outcome: Outcome) -> list[str]:
    """Lines about a phase that were written twice, though it did not fall back: they go back and forth. What the
    scheduler counts are all nodes, and so those of the cells that are played beside."""
    if ": back from " in outcome.text:
        return []
    told = re.findall(r"^ +\S+  ((?:waiting|hopeless) +\w+: .*)$", outcome.text, re.MULTILINE)
    return [line for line, times in Counter(told).items() if times > 1 and "nodes are available" not in line]


@cells(FAILS)
def test_it_fails_fast(ended: Mapping[str, "Future[Ended]"], cell: Cell) -> None:
    """Long before any deadline; the phase, the cause and its cure are the last words, and nothing is left up."""
    end = ended[cell.source].result()
    outcome = end.outcome
    assert outcome.code == 3, outcome
    *_, last, cure = outcome.out.splitlines()
    assert re.search(rf"vllm-qwen-\d+: {cell.phase}: .*{cell.said}.*; scaled back to 0$", last), outcome
    assert cell.fix in cure, outcome
    assert repeated(outcome) == [], outcome
    assert (end.replicas, end.raised) == (0, None), outcome


@cells(WAITS)
def test_it_keeps_waiting(ended: Mapping[str, "Future[Ended]"], cell: Cell) -> None:
    """Until its deadline, with what it waits for in the last words; and nothing is left up."""
    end = ended[cell.source].result()
    outcome = end.outcome
    assert outcome.code == 4, outcome
    *_, last, cure = outcome.out.splitlines()
    assert re.search(rf" still in phase {cell.phase} \(.*\): .*{cell.said}.*; scaled back to 0$", last), outcome
    assert "a longer --timeout than" in cure, outcome
    assert "hopeless" not in outcome.text, outcome
    assert repeated(outcome) == [], outcome
    assert (end.replicas, end.raised) == (0, None), outcome


def test_a_cold_start(model: Hand) -> None:
    """Through every phase, from a pause of the autoscaler to an answer; then it is its user's."""
    pulling = f'Pulling image "{IMAGE}"'

    def play(hand: Hand) -> None:
        refuses("1 in backoff after failed scale-up", FEW)(hand)
        hand.says("waiting +capacity: no GPU node: 1 in backoff")
        ordered(0)(hand)
        hand.says("waiting +node: a node was ordered")
        hand.node(ready=False, said=BOOTS, gpus=None)
        hand.says("waiting +node: node .* is not ready: container runtime")
        hand.node_is(ready=True)
        hand.says("waiting +gpu: node .* the driver is being installed")
        hand.node_is(gpus=1)
        by_kubelet("Pulling", pulling, of=STAGE)(hand)
        hand.says(f"waiting +image: {pulling}")
        hand.kubelet(container(), init=(running(STAGE),))
        hand.says(f"waiting +weights: container {STAGE} runs before vllm")
        hand.kubelet(running())
        hand.says("waiting +weights: container vllm runs and is not ready yet")
        hand.serve(the_model(hand, fault="503"))
        hand.kubelet(running(ready=True), ready=True)
        hand.says("waiting +serving: its pod is Ready; its server does not answer")
        hand.serve(the_model(hand))

    end = model.up(play)
    assert end.outcome.code == 0, end
    assert f"serves {SERVED}" in end.outcome.out.splitlines()[-1], end
    assert repeated(end.outcome) == [], end
    assert (end.replicas, json.loads(end.raised or "{}")["command"]) == (1, "vllm-up"), end


def comes_up(hand: Hand) -> None:
    hand.serve(the_model(hand))
    hand.kubelet(running(ready=True), ready=True)


def test_a_node_that_goes_takes_the_model_back(model: Hand) -> None:
    """A spot machine: its pod goes with it, a new one begins from the start, and what fell back is said."""

    def play(hand: Hand) -> None:
        hand.node()
        hand.kubelet(running())
        hand.says("waiting +weights: ")
        hand.kubectl("delete", "node", hand.node_name)
        hand.kubectl("delete", "pods", "--all", "--wait=false")
        hand.says(rf"{hand.app}: back from weights to (accepted|capacity): ")
        hand.node()
        comes_up(hand)

    end = model.up(play)
    assert end.outcome.code == 0, end
    assert end.replicas == 1, end


def test_a_pod_that_is_evicted_is_followed_by_another(model: Hand) -> None:
    def play(hand: Hand) -> None:
        hand.node()
        hand.kubelet(running())
        hand.says("waiting +weights: ")
        hand.evict("The node was low on resource: ephemeral-storage.")
        hand.says(rf"{hand.app}: back from weights to (accepted|capacity|gpu|image): ")
        comes_up(hand)

    end = model.up(play)
    assert end.outcome.code == 0, end


def test_a_node_that_the_autoscaler_keeps_after_all(model: Hand) -> None:
    """Scaled up again within the autoscaler's ten minutes: it had begun to remove the node, and lets it stay."""

    def play(hand: Hand) -> None:
        leaving(hand)
        refuses(FEW, MOST)(hand)
        hand.says("waiting +capacity: .*is being removed")
        hand.kubectl("taint", "node", hand.node_name, "ToBeDeletedByClusterAutoscaler-")
        comes_up(hand)

    end = model.up(play)
    assert end.outcome.code == 0, end


@pytest.mark.parametrize(("options", "code"), [(("--timeout", "8s"), 4), ((), 3)], ids=["deadline", "no hope"])
def test_kept_up_whatever_comes(model: Hand, options: tuple[str, ...], code: int) -> None:
    play = both(joins(ready=False, said=BOOTS), ordered(901 if code == 3 else 0))
    end = model.up(play, "--keep", *options)
    assert end.outcome.code == code, end
    assert "; left up, as --keep asks" in end.outcome.out, end
    assert f"Deployment {model.namespace}/{MODEL} runs on node {model.node_name}" in end.outcome.out, end
    assert (end.replicas, json.loads(end.raised or "{}")["command"]) == (1, "vllm-up"), end


def test_somebody_else_scales_it_down_meanwhile(model: Hand) -> None:
    end = model.up(both(lambda hand: hand.says("waiting +capacity"), lambda hand: hand.scale(0)))
    assert end.outcome.code == 3, end
    assert f"Deployment {model.namespace}/{MODEL} was scaled back to 0 meanwhile, by kubectl-patch" in end.outcome.out
    assert end.replicas == 0, end


def test_who_frees_a_quota_may_try_again_at_once(model: Hand) -> None:
    """Its ReplicaSet is the same, and the events of the run before are seconds old."""
    makes("ResourceQuota", {"hard": {"count/pods": "0"}}, ".status.used")(model)
    assert model.up(nothing).outcome.code == 3
    model.kubectl("delete", "resourcequota", "hand")
    end = model.up(nothing, "--timeout", "6s")
    assert end.outcome.code == 4, end
    assert "still in phase capacity" in end.outcome.out, end


def test_a_controller_that_stands_still(standing: Operator, model: Hand) -> None:
    with standing.cluster.stalled("kube-controller-manager"):
        end = model.up(nothing, "--timeout", "6s")
    assert end.outcome.code == 4, end
    assert "still in phase accepted (none passed): its controller has not seen the newest spec yet" in end.outcome.out
    assert (end.replicas, end.raised) == (0, None), end


Report = Callable[..., None]
QUOTA = {"errorCode": "QUOTA_EXCEEDED", "errorMessage": "Quota 'NVIDIA_L4_GPUS' exceeded. Limit: 0.0 in region x"}
STOCKOUT = {"errorCode": "RESOURCE_POOL_EXHAUSTED", "errorMessage": "the zone does not have enough resources"}


@pytest.fixture
def report(standing: Operator) -> Iterator[Report]:
    """Writes the autoscaler's own report, which the operator may read."""
    kubectl, name = standing.cluster.kubectl, "cluster-autoscaler-status"
    rights = ("--role=aiops-autoscaler", "--serviceaccount=argocd:operator")
    kubectl("-n", "kube-system", "create", "rolebinding", "operator", *rights)

    def write(status: str, why: Json | None = None, target: int = 0) -> None:
        group = {
            "name": "gpu-l4", "health": {"cloudProviderTarget": target, "minSize": 0, "maxSize": 1},
            "scaleUp": {"status": status, "backoffInfo": why or {}, "lastTransitionTime": stamp()},
        }  # fmt: skip
        text = json.dumps({"autoscalerStatus": "Running", "nodeGroups": [group]})
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"status": text}}
        kubectl("-n", "kube-system", "apply", "-f", "-", text=json.dumps(body))

    yield write
    kubectl("-n", "kube-system", "delete", "configmap", name)
    kubectl("-n", "kube-system", "delete", "rolebinding", "operator")


def test_a_quota_that_only_the_autoscalers_report_tells(model: Hand, report: Report) -> None:
    """Events may be missing (autoscaler#5938); the report of cluster-autoscaler 1.30 and newer."""
    end = model.up(both(lambda hand: hand.says("waiting +capacity"), lambda _: report("Backoff", QUOTA)))
    assert end.outcome.code == 3, end
    *_, last, cure = end.outcome.out.splitlines()
    assert "capacity: no GPU node: in backoff: QUOTA_EXCEEDED: Quota 'NVIDIA_L4_GPUS' exceeded" in last, end
    assert "Raise the cloud's quota" in cure, end
    assert (end.replicas, end.raised) == (0, None), end


def test_what_only_the_autoscalers_report_tells_is_waited_for(model: Hand, report: Report) -> None:
    def play(hand: Hand) -> None:
        hand.says("waiting +capacity")
        for write, said in (
            (("InProgress",), "the autoscaler is adding nodes"),
            (("Backoff", STOCKOUT), "in backoff: RESOURCE_POOL_EXHAUSTED: the zone does not have enough resources"),
            (("NoActivity", None, 1), "every node group is at its maximum size"),
        ):
            report(*write)
            hand.says(f"waiting +capacity: no GPU node: {said}")

    end = model.up(play, "--timeout", "50s")
    assert end.outcome.code == 4, end
    assert "still in phase capacity" in end.outcome.out.splitlines()[-2], end
    assert (end.replicas, end.raised) == (0, None), end

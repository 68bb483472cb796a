"""A model on its way up: in every phase, what ends `vllm-up` at once and what it waits for.

The kubelet, the autoscaler and the cloud are played by hand; the id of each cell names who says so in the real world.
The scheduler, the controllers, admission and Argo CD are real. Several cells are played at once, because half a minute
has to pass before some of them count: each has a model of its own.
"""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from queue import SimpleQueue

import pytest

from tests.scenarios.by_hand import Ended, Hand, hands
from tests.scenarios.cells import (
    ACCEPTED_FAILS,
    ACCEPTED_WAITS,
    CAPACITY_FAILS,
    CAPACITY_WAITS,
    GPU_FAILS,
    GPU_WAITS,
    NODE_FAILS,
    NODE_WAITS,
    Cell,
)
from tests.scenarios.cells_placed import (
    IMAGE_FAILS,
    IMAGE_WAITS,
    SERVING_FAILS,
    SERVING_WAITS,
    WEIGHTS_FAILS,
    WEIGHTS_WAITS,
)
from tests.scenarios.conftest import Operator, Outcome

AT_ONCE = 6
"""Cells that are played at the same time."""
FAILS = (
    *ACCEPTED_FAILS, *CAPACITY_FAILS, *NODE_FAILS, *GPU_FAILS, *IMAGE_FAILS, *WEIGHTS_FAILS, *SERVING_FAILS,
)  # fmt: skip
WAITS = (
    *ACCEPTED_WAITS, *CAPACITY_WAITS, *NODE_WAITS, *GPU_WAITS, *IMAGE_WAITS, *WEIGHTS_WAITS, *SERVING_WAITS,
)  # fmt: skip


class Models:
    """Several models by hand, each played with by one at a time."""

    def __init__(self, operator: Operator) -> None:
        self._free: SimpleQueue[Hand] = SimpleQueue()
        for hand in hands(operator, AT_ONCE):
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
def models(standing: Operator) -> Models:
    return Models(standing)


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


def steady(outcome: Outcome) -> bool:
    """No line about a phase was written twice: nothing goes back and forth. What the scheduler counts are all nodes,
    and so those of the cells that are played beside."""
    told = re.findall(r"^ +\S+  ((?:waiting|hopeless) +\w+: .*)$", outcome.text, re.MULTILINE)
    lines = [line for line in told if "nodes are available" not in line]
    return len(set(lines)) == len(lines)


@cells(FAILS)
def test_it_fails_fast(ended: Mapping[str, "Future[Ended]"], cell: Cell) -> None:
    """Long before any deadline; the phase, the cause and its cure are the last words, and nothing is left up."""
    end = ended[cell.source].result()
    outcome = end.outcome
    assert outcome.code == 3, outcome
    *_, last, cure = outcome.out.splitlines()
    assert re.search(rf"vllm-qwen-\d+: {cell.phase}: .*{cell.said}.*; scaled back to 0$", last), outcome
    assert cell.fix in cure, outcome
    assert steady(outcome), outcome
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
    assert steady(outcome), outcome
    assert (end.replicas, end.raised) == (0, None), outcome

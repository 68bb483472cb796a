"""A model on its way up: in every phase, what ends `vllm-up` at once and what it waits for.

The kubelet, the autoscaler and the cloud are played by hand; the id of each cell names who says so in the real world.
The scheduler, the controllers, admission and Argo CD are real. Several cells are played at once, because half a minute
has to pass before some of them count: each has a model of its own.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
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
Models = "SimpleQueue[Hand]"


@pytest.fixture(scope="module")
def models(standing: Operator) -> Models:
    """Those that nobody plays with."""
    free: SimpleQueue[Hand] = SimpleQueue()
    for hand in hands(standing, AT_ONCE):
        free.put(hand)
    return free


@contextmanager
def taken(models: "SimpleQueue[Hand]") -> Iterator[Hand]:
    hand = models.get(timeout=600)
    try:
        yield hand
    finally:
        hand.clean()
        models.put(hand)

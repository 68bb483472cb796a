"""A bring-up that is killed at any moment, and run again: the same end, and nothing left that costs money.

`AIOPS_KILLS` says how often (default 3); the moments are random, and the seed of a failure is in its message.
"""

import os
import random
import time

import pytest

from tests.scenarios.conftest import Operator
from tests.scenarios.models import MODEL, RAISED, deployment, gpu_nodes, model_server, replicas

pytestmark = pytest.mark.long

KILLS = int(os.environ.get("AIOPS_KILLS", "3"))
WORDS = ("bring-up", "--profile", "serving")


def test_killed_and_run_again(standing: Operator) -> None:
    assert standing("sync", MODEL).code == 0
    seed = random.randrange(10**6)
    moments = random.Random(seed)
    with model_server(standing):
        began = time.monotonic()
        assert standing(*WORDS).code == 0
        longest_s = time.monotonic() - began
        for number in range(KILLS):
            after_s = moments.uniform(0.0, longest_s)
            process = standing.start(*WORDS)
            time.sleep(after_s)
            process.kill()
            process.communicate()
            left = replicas(standing)
            outcome = standing(*WORDS)
            told = f"seed {seed}, kill {number} after {after_s:.1f} s, left at {left}: {outcome}"
            assert outcome.code == 0, told
            assert not left or "this run takes it over" in outcome.text, told
            assert (replicas(standing), gpu_nodes(standing)) == (0, []), told
            assert RAISED not in deployment(standing)["metadata"]["annotations"], told

"""What still costs money: told before the summary, with its age, its cost and the command that ends it."""

import json

import pytest

from aiops.progress.events import Failed, Paid, Result, RunStarted
from aiops.progress.results import ModelDown, Waited
from aiops.render.document import document, dumps
from aiops.render.text import lines
from tests.render.screens import Stream, shown

MODEL = Paid(
    what="Deployment serving/llama", node="gpu-1", gpu="nvidia-l4", age_s=245, per_hour=0.85, cost=0.0578,
    stop="aiops vllm-down llama",
)  # fmt: skip
NODE = Paid(what="", node="gpu-2", gpu="nvidia-l4", age_s=5400, per_hour=0.85, cost=1.275)
RUN = RunStarted(run="20260131T120000-3f9a", command="vllm-up")


def told(result: Result) -> list[str]:
    return shown(lines(result), Stream("ascii")).splitlines()


@pytest.mark.parametrize(
    ("paid", "words"),
    [
        (
            MODEL,
            [
                "!! Deployment serving/llama runs on node gpu-1 (nvidia-l4), up for 4m05s, 0.06 so far (0.85 an hour)",
                "    -> aiops vllm-down llama",
            ],
        ),
        (
            Paid(what="Deployment serving/llama", stop="aiops vllm-down llama"),
            [
                "!! Deployment serving/llama is switched on; its GPU node, once it is there, is billed from its start",
                "    -> aiops vllm-down llama",
            ],
        ),
        (NODE, ["!! node gpu-2 (nvidia-l4), up for 1h30m, 1.27 so far (0.85 an hour): bills until it leaves"]),
        (Paid(what="", node="gpu-3", age_s=42), ["!! node gpu-3, up for 42s: bills until it leaves"]),
        (Paid(what="Pod a/job", node="gpu-3", age_s=42), ["!! Pod a/job runs on node gpu-3, up for 42s"]),
    ],
)
def test_in_words(paid: Paid, words: list[str]) -> None:
    assert told(end(paid)) == [*words, "", ".. interrupted", "-> run it again"]


def end(*paid: Paid) -> Failed:
    return Failed(summary="interrupted", hint="run it again", exit_code=130, kind="Interrupted", paid=paid)


@pytest.mark.parametrize("exit_code", [0, 1, 2, 3, 4, 5, 130, 143])
def test_however_it_ends_they_are_the_last_lines_before_the_summary(exit_code: int) -> None:
    failed = Failed(summary="the end", exit_code=exit_code, kind="Bug", paid=(MODEL, NODE))
    found = told(failed)
    assert [line.split()[-1] for line in found[:3]] == ["hour)", "llama", "leaves"]
    assert found[3] == ""
    assert found[4].endswith("the end")
    assert len(found) == 5


@pytest.mark.parametrize("result", [
    Waited(summary="the end", profile="serving", rows=(), paid=(MODEL,)),
    ModelDown(summary="the end", models=(), notes=("a note",), paid=(MODEL,)),
])  # fmt: skip
def test_of_every_command_after_its_own_lines(result: Result) -> None:
    found = told(result)
    assert found[-4:-1] == [*told(end(MODEL))[:2], ""]
    assert found[-1].endswith("the end")


def test_where_nothing_is_paid_nothing_is_said() -> None:
    assert told(end()) == [".. interrupted", "-> run it again"]


def test_a_node_of_the_cluster_does_not_steer_a_terminal() -> None:
    assert all(line.isprintable() for line in told(end(Paid(what="", node="gpu\x1b[31m", gpu="x\ny", age_s=1))))


def test_in_the_document_too() -> None:
    made = json.loads(dumps(document(end(MODEL, NODE), RUN, 1.0)))
    assert (made["exitCode"], made["summary"]) == (130, "interrupted")
    assert made["paid"] == [
        {
            "what": "Deployment serving/llama", "node": "gpu-1", "gpu": "nvidia-l4", "ageS": 245, "perHour": 0.85,
            "cost": 0.0578, "stop": "aiops vllm-down llama",
        },
        {
            "what": "", "node": "gpu-2", "gpu": "nvidia-l4", "ageS": 5400, "perHour": 0.85, "cost": 1.275, "stop": "",
        },
    ]  # fmt: skip
    assert "paid" not in made["result"]

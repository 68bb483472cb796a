"""What a real API server answered, and the lab answers the same: see tests/real/record_answers.py."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from aiops.lab.lab import Lab
from tests.lab.client import Client
from tests.lab.replay import Json, Player
from tests.real.questions import PREPARED, STORIES

pytestmark = pytest.mark.xdist_group("answers")  # they share a lab

ANSWERS = Path(__file__).with_name("answers")
CHANCE, MOMENT = "is given out by chance", "is when it happened"
EMPTY = "of a node without a kubelet holds empty texts, which the lab leaves out"
FIELDS = {
    "clusterIP": CHANCE, "clusterIPs": CHANCE, "uid": CHANCE,
    "creationTimestamp": MOMENT, "deletionTimestamp": MOMENT, "lastTransitionTime": MOMENT, "time": MOMENT,
    "continue": "is a token of the server's own",
    "description": "of a column is not kept",
    "daemonEndpoints": EMPTY, "nodeInfo": EMPTY,
    "preemptionPolicy": "of pods is not simulated",
    "priority": "of pods is not simulated",
    "resourceVersion": "counts what else happened",
}  # fmt: skip
"""In which the lab's answers differ, and why."""
TEXTS = (
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uid>", CHANCE),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>", MOMENT),
    (r"\b10\.96\.\d+\.\d+\b", "<address>", CHANCE),
    (r"(?<=^g-)[a-z0-9]{5}$", "<chance>", CHANCE),
    (r"(?<=in record \()\d+(?=\))", "<version>", "counts what else happened"),
    (r"^\d+s$", "<age>", MOMENT),
    (r"(?<=continue key is not valid: ).*", "<why>", "is in the words of Go's library"),
    (r"(?<=json parse error: ).*", "<why>", "is in the words of Go's library"),
    (r"(?<=error decoding patch: )(invalid|Expecting).*", "<why>", "is in the words of Go's library"),
    (r'"\{(\\.|[^"\\])*"', "<object>", "is the whole object, in Go's order"),
    (r"(?s)\n@@ -.*", "", "shows the change in Go's words"),
)
"""The same of what is in names and messages."""
LEFT_OUT = ("{'name': 'kube-api-access-", "kubernetes.io/pvc-protection")
"""How items of lists begin that the lab does not have: the volume with a pod's token, what holds a claim in use."""


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    """A lab as the real one was: prepared, and with controllers that stand still."""
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(tmp_path_factory.mktemp("answers") / "state"))
        clients = {
            "admin": Client(lab.kubeconfig), "viewer": Client(lab.viewer_kubeconfig),
            "nobody": Client(lab.kubeconfig, ""), "stranger": Client(lab.kubeconfig, "bad"),
        }  # fmt: skip
        for client in clients.values():
            stack.callback(client.close)
        player = Player(clients)
        for question in PREPARED:
            player.ask(question)
        lab.call(lambda: lab.cluster.parts.set("kube-controller-manager", "stalled"))
        yield player


@pytest.mark.parametrize("story", STORIES)
def test_the_lab_answers_as_a_real_server_did(player: Player, story: str) -> None:
    recorded = json.loads((ANSWERS / f"{story}.json").read_text())
    different = []
    for real in recorded:
        question = {key: value for key, value in real.items() if key not in ("status", "warnings", "answer")}
        found = player.ask(question)
        if comparable(found) != comparable(real):
            different.append((question, comparable(real), comparable(found)))
    assert not different, report(different)


def comparable(told: Json) -> Json:
    """An answer without what is a server's own."""
    found: Json = bare({key: told.get(key) for key in ("status", "warnings", "answer")})
    return found


def bare(value: Any) -> Any:
    """A value without that; refusals with several causes tell them in no order, and some of them twice."""
    if isinstance(value, str):
        for pattern, instead, _why in TEXTS:
            value = re.sub(pattern, instead, value)
        return value
    if isinstance(value, list):
        return [bare(each) for each in value if not str(each).startswith(LEFT_OUT)]
    if not isinstance(value, dict):
        return value
    found = {name: bare(each) for name, each in value.items() if name not in FIELDS}
    found = {name: each for name, each in found.items() if each != [] or not value[name]}
    if str(value.get("kind")).endswith("AccessReview"):
        del found["metadata"]  # which tells who owns the fields of what is not even stored
    if isinstance(owners := found.get("managedFields"), list):  # in the order of their seconds, which is when it was
        found["managedFields"] = sorted(owners, key=lambda each: json.dumps(each, sort_keys=True))
    if isinstance(causes := found.get("causes"), list):
        found["causes"] = sorted({json.dumps(each, sort_keys=True) for each in causes})
    if len((found.get("details") or {}).get("causes", ())) > 1:
        del found["message"]
    return found


def report(different: list[tuple[Json, Json, Json]]) -> str:
    """What differs, place by place."""
    lines = []
    for question, real, lab in different:
        lines.append(f"{question['method']} {question['path']} {json.dumps(question.get('body'))[:300]}")
        lines += [f"    {place}: {one} / {other}" for place, one, other in places(real, lab)]
    return "\n".join(lines)


def places(real: Any, lab: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two values differ."""
    if isinstance(real, dict) and isinstance(lab, dict):
        for name in real | lab:
            yield from places(real.get(name), lab.get(name), f"{path}.{name}")
    elif isinstance(real, list) and isinstance(lab, list) and len(real) == len(lab):
        for index, (one, other) in enumerate(zip(real, lab, strict=True)):
            yield from places(one, other, f"{path}[{index}]")
    elif real != lab:
        yield path, real, lab

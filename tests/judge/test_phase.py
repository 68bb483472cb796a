"""Which pod is looked at, and the order of the phases."""

from typing import Any

import pytest

from aiops.judge.phases.phase import PHASES, Stand, stand_of
from aiops.snapshot import Json, Served
from tests.judge.models import (
    AT_MAX,
    DONE,
    MODEL,
    NODE_S,
    REFUSED,
    TRIGGERED,
    ago,
    event,
    judged,
    look,
    node,
    pending,
    placed,
    pod,
    replicaset,
    running,
    short,
    state,
)

SERVED = Served(200, ("chat-7b",))


def test_the_phases_in_order() -> None:
    """What a cold start passes through."""
    ordered = (event(TRIGGERED, "0->1", 60),)
    timeline: list[tuple[tuple[Json, ...], dict[str, Any]]] = [
        ((), {}),
        ((pending(made_s=5),), {}),
        ((pending(),), {"events": ordered}),
        ((pending(),), {"events": ordered, "nodes": (node(ready=False),)}),
        ((pending(),), {"events": ordered, "nodes": (node(gpus=None),)}),
        ((pending(),), {"events": ordered, "nodes": (node(),)}),
        ((placed(state(), init=(state("stage"),)),), {"events": ordered, "nodes": (node(),)}),
        ((placed(state(), init=(running("stage"),)),), {"nodes": (node(),)}),
        ((placed(running(), init=(DONE,)),), {"nodes": (node(),)}),
        ((placed(running(ready=True), ready=True, init=(DONE,)),), {"nodes": (node(),)}),
        ((placed(running(ready=True), ready=True, init=(DONE,)),), {"nodes": (node(),), "served": SERVED}),
    ]
    stands = [judged(*pods, **changes) for pods, changes in timeline]
    passed = [PHASES.index(stand.phase) for stand in stands]
    assert passed == sorted(passed)
    assert {stand.phase for stand in stands} == set(PHASES)
    assert [stand.done for stand in stands] == [False] * 10 + [True]
    assert {stand.hope for stand in stands} == {"yes"}
    assert {stand.id for stand in stands} == {""}


def test_what_it_says_stays_the_same_while_nothing_changes() -> None:
    """A minute later, with events that were seen once more."""
    for pods, changes in (
        ((pending(),), {"events": (event(TRIGGERED, "0->1", 60),)}),
        ((pending(),), {"events": (event(REFUSED, AT_MAX, 60, count=3),)}),
        ((pending(),), {"nodes": (node(ready=False, since_s=10),)}),
        ((placed(running(), init=(DONE,)),), {"events": (event("Unhealthy", "x", 60, count=3),)}),
    ):
        now = look(*pods, **changes)
        later = look(*pods, **{**changes, "taken": now.taken.replace(minute=31)})
        assert stand_of(MODEL, now, node_s=NODE_S) == stand_of(MODEL, later, node_s=NODE_S)


def test_only_pods_of_the_newest_template_count() -> None:
    """Superseded pods: one of the template before may be Ready for a while yet."""
    old = placed(running(ready=True), ready=True, name="old", of="rs-1")
    new = pending(name="new", of="rs-10")
    replicasets = (replicaset(10), replicaset(1), replicaset(9))
    stand = judged(old, new, replicasets=replicasets, served=SERVED)
    assert (stand.phase, stand.pod) == ("capacity", "new")
    assert judged(old, replicasets=replicasets, served=SERVED).phase == "accepted"


def test_the_template_that_is_rolled_back_to_is_the_newest() -> None:
    """By its revision, which is raised: its ReplicaSet is old."""
    back = replicaset(1)
    back["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "11"
    stand = judged(pending(name="back"), replicasets=(replicaset(10), back))
    assert stand.pod == "back"


def test_a_replicaset_of_another_deployment_is_none_of_its() -> None:
    other = replicaset(5)
    other["metadata"]["ownerReferences"] = [{"kind": "Deployment", "uid": "other"}]
    assert judged(pending(), replicasets=(other, replicaset(1))).phase == "capacity"


@pytest.mark.parametrize(
    "leftover",
    [
        pod(name="left", status={"phase": "Failed", "reason": "Evicted"}),
        pod(name="left", status={"phase": "Failed", "reason": "UnexpectedAdmissionError"}),
        pod(name="left", status={"phase": "Succeeded"}),
        placed(running(ready=True), ready=True, name="left", going=ago(5)),
    ],
    ids=["evicted", "refused by its node", "done", "ending"],
)
def test_a_pod_whose_place_another_takes(leftover: Json) -> None:
    for pods in ((leftover, pending(name="new")), (pending(name="new"), leftover)):
        assert judged(*pods).pod == "new"
    assert judged(leftover).phase == "accepted"


READY = placed(running(ready=True), ready=True, name="ready")
ALONG = [
    READY,
    placed(running(), init=(DONE,), name="running"),
    placed(state(), init=(running("stage"),), name="staging"),
    placed(state(), init=(state("stage"),), name="pulling"),
    pending(name="pending"),
]


@pytest.mark.parametrize("number", range(4))
def test_of_several_the_one_that_is_furthest_along(number: int) -> None:
    first, second = ALONG[number], ALONG[number + 1]
    for pods in ((first, second), (second, first)):
        assert judged(*pods).pod == first["metadata"]["name"]


def test_of_two_alike_the_older() -> None:
    old, new = pending(name="b", made_s=400), pending(name="a", made_s=300)
    assert judged(new, old).pod == "b"


def test_a_node_that_goes_takes_the_model_back() -> None:
    """A spot machine is taken away: its pod goes, and a new one begins from the start."""
    going = placed(running(ready=True), ready=True, name="old", going=ago(5))
    new = pending(name="new", made_s=3)
    stand = judged(going, new, nodes=(node(going=ago(5)),), served=SERVED)
    assert (stand.phase, stand.pod, stand.hope) == ("capacity", "new", "yes")


def test_the_words_about_the_pod_before_say_nothing_of_this_one() -> None:
    stand = judged(
        pending(name="new"), events=(event(REFUSED, AT_MAX, of="old"), event(TRIGGERED, "0->1", 2000, of="old"))
    )
    assert short(stand)[:2] == ("capacity", "")


def test_a_stand_begins_with_nothing() -> None:
    assert Stand(phase="accepted") == Stand(
        phase="accepted", done=False, detail="", hope="yes", evidence=(), fix="", id="", pod="", node="", wants_log=()
    )

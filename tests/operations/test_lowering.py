"""Models on their way down: what is waited for, and that nothing is confirmed that was not seen."""

import pytest

from aiops.operations.lowering import GPU_NODES, MODELS, Ended, Lowering
from aiops.progress.events import Event, Looked
from aiops.session import Session
from tests.operations.api import Api, Json, Refusal
from tests.operations.cluster import LIVE, MODEL, NODES, Cluster

AT_ONCE_S, LONG_S = 0.3, 60.0
NAME, NODE = f"Deployment serving/{MODEL}", f"gpu-{MODEL}"


@pytest.fixture
def lowered(api: Api, cluster: Cluster) -> Json:
    """The model is at 0; what of its pods and nodes is still there is a test's own."""
    cluster.deploy()
    return api.objects[LIVE]


def ended(session: Session, *lowered: Json, drained: tuple[str, ...] = (), limit_s: float = LONG_S) -> Ended:
    return Lowering(session, lowered, drained).run(limit_s)


def states(found: Ended) -> dict[str, str]:
    return {row.name: row.state for row in found.rows}


def test_all_is_gone(session: Session, lowered: Json) -> None:
    found = ended(session, lowered, drained=(NODE,))
    assert states(found) == {NAME: "settled", f"node {NODE}": "settled"}
    assert [row.layer for row in found.rows] == [MODELS, GPU_NODES]
    assert (found.over, found.trouble) == (False, "")


def test_with_nothing_to_wait_for_it_ends(session: Session, cluster: Cluster) -> None:
    cluster.node("gpu-other")
    assert ended(session).rows == ()


def test_a_deployment_that_is_gone_is_down(session: Session, api: Api, lowered: Json) -> None:
    api.remove(LIVE)
    assert states(ended(session, lowered)) == {NAME: "settled"}


def test_its_own_pods_do_not_hold_its_node(session: Session, cluster: Cluster, lowered: Json) -> None:
    cluster.start()
    found = ended(session, lowered, drained=(NODE,), limit_s=AT_ONCE_S)
    assert [(row.state, row.detail) for row in found.rows] == [
        ("waiting", f"at 0 replicas; still ending: {MODEL}-a"),
        ("waiting", "idle, and bills until it leaves, 0.85 an hour"),
    ]
    assert found.over


def test_a_node_without_a_gpu_that_joins_is_nothing_to_it(session: Session, cluster: Cluster, lowered: Json) -> None:
    cluster.node(NODE)
    report = session.report

    def reported(event: Event) -> None:
        report(event)
        if isinstance(event, Looked) and event.rows:
            cluster.node("cpu", gpu="")

    session.report = reported
    assert list(states(ended(session, lowered, drained=(NODE,), limit_s=1.0))) == [NAME, f"node {NODE}"]


def test_what_may_be_old_confirms_nothing(session: Session, api: Api, cluster: Cluster, lowered: Json) -> None:
    """The API does not answer for a while, and in that while the last pod goes."""
    cluster.start()
    cluster.nodes_stay = True
    api.refused["WATCH", NODES] = Refusal(503, "not now")
    report = session.report

    def reported(event: Event) -> None:
        report(event)
        if isinstance(event, Looked) and event.trouble:
            cluster.end()
            if event.rows and event.rows[0].state == "settled":
                api.refused.clear()

    session.report = reported
    found = ended(session, lowered)
    assert (states(found), found.over, found.trouble) == ({NAME: "settled"}, False, "")


def test_what_was_never_seen_is_trouble(session: Session, api: Api, lowered: Json) -> None:
    api.refused["GET", NODES] = Refusal(503, "not now")
    found = ended(session, lowered, limit_s=0.0)
    assert (found.rows, found.over, found.trouble) == ((), True, "nothing could be seen")


def test_up_again_ends_it(session: Session, cluster: Cluster, lowered: Json) -> None:
    cluster.somebody(1, manager="keda-operator")
    found = ended(session, lowered, drained=(NODE,))
    assert (found.rows[0].state, found.rows[0].detail) == ("hopeless", "scaled up again to 1, by keda-operator")

"""What costs money, kept in the session: however a run ends, its last lines say it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from aiops.judge.bill import Bill, bill_of, bills
from aiops.judge.model import asks_for_gpu
from aiops.judge.stoppable import application_of, pods_of
from aiops.operations.gpus import users_of
from aiops.progress.events import Paid, duration
from aiops.session import Session
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look


def keep(session: Session, what: str, node: Json | None, stop: str) -> Paid:
    """Note that a workload runs, or is about to: on a node, or on one that is still on its way."""
    if node is None:
        paid = Paid(what=what, stop=stop)
    else:
        paid = _paid(bill_of(node, session.kube.now(), session.prices), what, stop)
    session.paying[what] = paid
    return paid


def stopped(session: Session, what: str) -> None:
    """A workload runs no more: what is left to pay is its node, until that leaves."""
    paid = session.paying.pop(what, None)
    if paid is not None and paid.node:
        session.paying[paid.node] = replace(paid, what="", stop="")


def remaining(session: Session, nodes: Iterable[Json], users: Mapping[str, str]) -> None:
    """All that is left to pay: the GPU nodes that are there, each with who uses its GPU."""
    session.paying.clear()
    for bill in bills(nodes, session.kube.now(), session.prices):
        session.paying[bill.node] = _paid(bill, users.get(bill.node, ""), "")


def gpu_nodes(look: Look) -> tuple[Paid, ...]:
    """The GPU nodes of a look, each with who uses its GPU; none where nodes were not read."""
    if not {"nodes", "pods", "config"} <= look.reads.keys():
        return ()
    pods = look.items("pods")
    users = {node: (what, "aiops vllm-down --all") for node, what in users_of(pods).items()}
    for body in look.items("deployments") if "deployments" in look.reads else ():
        if asks_for_gpu(body) and (application := application_of(body)):
            what = str(ref_of(body))
            nodes = {pod["spec"].get("nodeName") for pod in pods_of(body, pods)}
            users |= dict.fromkeys(nodes & users.keys(), (what, f"aiops vllm-down {application}"))
    found = bills(look.items("nodes"), look.at, look.value("config")["prices"])
    return tuple(_paid(bill, *users.get(bill.node, ("", ""))) for bill in found)


def words(paid: Paid) -> str:
    """`node gpu-1 (nvidia-l4) up for 4m05s, 0.06 so far`; minutes alone where no price is known."""
    if not paid.node:
        return "no node yet"
    kind = f" ({paid.gpu})" if paid.gpu else ""
    money = "" if paid.cost is None else f", {paid.cost:.2f} so far"
    return f"node {paid.node}{kind} up for {duration(paid.age_s)}{money}"


def _paid(bill: Bill, what: str, stop: str) -> Paid:
    return Paid(
        what=what, node=bill.node, gpu=bill.gpu, age_s=bill.age_s, per_hour=bill.per_hour, cost=bill.cost, stop=stop
    )

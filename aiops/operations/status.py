"""`status`: how the platform stands, by the judgement of `wait`, on one look in which nothing is written."""

from collections.abc import Iterator
from math import inf
from pathlib import Path

from aiops.judge.applicationset import judge_applicationset
from aiops.judge.lineage import is_ready
from aiops.judge.model import asks_for_gpu
from aiops.judge.plan import BENEATH, applications_of, details_of, judged, plan_of
from aiops.judge.raised import still_raised
from aiops.judge.stoppable import application_of, pods_of
from aiops.operations.look import log_in, take_look
from aiops.operations.outcome import rows_of, set_row
from aiops.operations.paying import gpu_nodes
from aiops.progress.events import Row, tally
from aiops.progress.remembered import runs
from aiops.progress.results import ModelStands, Run, Standing
from aiops.session import Session
from aiops.snapshot import Unread, ref_of
from aiops.snapshot.look import Look, NotRead

READS = ("applications", "application-sets", "kinds", "brings", "details", "plan", "config", *BENEATH)
RUNS = 3


def status(session: Session, profile: str | None, journals: Path) -> Standing:
    """The picture; without a profile of the layers that are live. Exit code 5 where a part of it could not be read."""
    _ = session.config  # without one there is nothing to compare the cluster with
    log_in(session)
    look = take_look(session, profile, READS, session.report)
    rows, missing = _rows(look)
    costs = gpu_nodes(look)
    session.paying.update({paid.node: paid for paid in costs})
    return Standing(
        summary=_summary(rows, missing),
        hint=_hint(rows, missing),
        exit_code=5 if missing else 0,
        warnings=sum(row.state in ("hopeless", "waiting", "deferred") for row in rows),
        context=look.context,
        taken=look.taken,
        revision=_revision(look),
        rows=rows,
        models=_models(look),
        nodes=costs,
        unread=missing,
        runs=_runs(journals),
    )


def _rows(look: Look) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """The applications, and what could not be read."""
    missing = tuple(dict.fromkeys(map(_why, look.unread.values())))
    try:
        return (*_sets(look), *rows_of(judged(look), details_of(look), look.namespace)), missing
    except NotRead as error:
        return (), tuple(dict.fromkeys((_why(error.unread), *missing)))


def _sets(look: Look) -> Iterator[Row]:
    """The ApplicationSets of the layers, as what their conditions say."""
    plan, applications = plan_of(look), applications_of(look)
    there = look.named("application-sets")
    for layer, name in plan.sets.items():
        verdict = judge_applicationset(there.get(name), plan.groups_of(layer), applications, inf)
        yield set_row(name, layer, verdict)


def _why(unread: Unread) -> str:
    return f"this user may not {unread.refused}" if unread.refused else unread.why


def _revision(look: Look) -> str:
    if "plan" not in look.reads:
        return ""
    plan = plan_of(look)
    return f"{plan.branch} is at {plan.commit[:8]}"


def _models(look: Look) -> tuple[ModelStands, ...]:
    if not {"deployments", "pods"} <= look.reads.keys():
        return ()
    found = []
    for body in look.items("deployments"):
        if not asks_for_gpu(body):
            continue
        pods = pods_of(body, look.items("pods"))
        raised = still_raised(body)
        found.append(
            ModelStands(
                name=str(ref_of(body)),
                application=application_of(body),
                wanted=int(body["spec"].get("replicas", 1)),
                ready=sum(map(is_ready, pods)),
                nodes=tuple(sorted({pod["spec"]["nodeName"] for pod in pods if pod["spec"].get("nodeName")})),
                raised=str(raised) if raised else "",
            )
        )
    return tuple(found)


def _runs(folder: Path) -> tuple[Run, ...]:
    try:
        return runs(folder, RUNS)
    except OSError:  # `history` tells why
        return ()


def _summary(rows: tuple[Row, ...], missing: tuple[str, ...]) -> str:
    if missing:
        return f"could not see everything: {missing[0]}"
    counts = tally(rows)
    if not rows:
        return "no layer of the platform is on the cluster"
    words = ", ".join(f"{number} {state}" for state, number in counts.items())
    return f"{counts.total()} applications: {words}"


def _hint(rows: tuple[Row, ...], missing: tuple[str, ...]) -> str:
    if missing or any(row.state in ("hopeless", "waiting") for row in rows):
        return "aiops doctor"
    return "" if rows else "aiops root --profile platform"

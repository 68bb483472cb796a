"""What a judgement means for a command: rows for the operator's eyes, and the result with its exit code."""

from collections.abc import Iterable, Sequence

from aiops.judge.application import Verdict
from aiops.judge.profile import Judged
from aiops.operations.waiting import Moment
from aiops.progress.events import ENDS, Row
from aiops.progress.results import Waited
from aiops.snapshot import Details

EVIDENCE_LINES = 4


def rows_of(judged: Iterable[Judged], details: Details, namespace: str) -> tuple[Row, ...]:
    """One row for each application."""
    return tuple(_row(each, details, namespace) for each in judged)


def set_row(name: str, layer: str, verdict: Verdict) -> Row:
    """The row of a layer's ApplicationSet."""
    return Row(name=f"ApplicationSet {name}", layer=layer, group="", state=verdict.state, detail=verdict.detail)


def waited(
    profile: str,
    rows: Sequence[Row],
    revisions: tuple[tuple[str, str], ...],
    moment: Moment,
    trouble: str,
) -> Waited | None:
    """The result of a wait, or None while it goes on: hopeless at once, settled when all are, else the deadline."""
    hopeless = [row.name for row in rows if row.state == "hopeless"]
    waiting = [row.name for row in rows if row.state not in ENDS]
    deferred = [row for row in rows if row.state == "deferred"]
    again = f"aiops wait --profile {profile}"
    summary, hint, exit_code = "", "", 0
    if hopeless:
        summary = f"cannot settle: {', '.join(hopeless)}"
        hint, exit_code = f"mend the cause, then run `{again}` again", 3
    elif rows and not waiting:
        summary = f"profile {profile} stands: {_count(rows)}"
        if deferred:
            summary += f", {len(deferred)} deferred"
    elif moment.over:
        summary, hint, exit_code = _ran_out(waiting, moment, trouble), f"`{again}` goes on from here", 4
    else:
        return None
    return Waited(
        summary=summary,
        hint=hint,
        exit_code=exit_code,
        warnings=len(deferred),
        profile=profile,
        rows=tuple(rows),
        revisions=revisions,
        seconds=moment.elapsed_s,
    )


def _ran_out(waiting: list[str], moment: Moment, trouble: str) -> str:
    """What was still missing at the deadline; nothing at all may have been seen."""
    what = f"{len(waiting)} not settled" if waiting else "nothing could be seen"
    return f"after {moment.elapsed_s:.0f} s {what}{f'; {trouble}' if trouble else ''}"


def _count(rows: Sequence[Row]) -> str:
    settled = sum(row.state in ("settled", "suspended") and bool(row.group) for row in rows)
    manual = sum(row.state == "manual" for row in rows)
    return f"{settled} applications settled" + (f", {manual} manual" if manual else "")


def _row(judged: Judged, details: Details, namespace: str) -> Row:
    expected, verdict = judged.expected, judged.verdict
    evidence: list[str] = []
    for finding in judged.findings:
        evidence.append(f"{finding.about}: {finding.symptom}")
        evidence += [str(each) for each in finding.evidence]
    if verdict.unwell:
        evidence += [f"may not see {each.what}: {each.why}" for each in details.unread]
    ended = verdict.state in ENDS
    return Row(
        name=expected.name,
        layer=expected.layer,
        group=expected.group,
        state=verdict.state,
        detail=verdict.detail,
        evidence=() if ended else tuple(evidence[:EVIDENCE_LINES]),
        hint="" if ended else f"kubectl -n {namespace} describe application {expected.name}",
    )

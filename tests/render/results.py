"""One full example of every result, with words of a hostile cluster in it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiops.progress import events, results
from aiops.progress.events import Change, Paid, Planned, Result, Row, RunStarted, StageEnded
from aiops.progress.results import (
    Checked,
    FaultStands,
    Found,
    Lowered,
    ModelStands,
    Probe,
    Prune,
    Run,
    Seen,
    SyncedApplication,
)

EVIL = "\x1b[31mred [/bin/sh] [the server could not find] ✔"
URL = f"https://registry.example.com/{'x' * 271}"
PAID = Paid(
    what=f"Deployment a/{EVIL}",
    node=f"gpu-1 {EVIL}",
    gpu=EVIL,
    age_s=245.0,
    per_hour=0.85,
    cost=0.06,
    stop="aiops vllm-down a",
)
END: dict[str, Any] = {
    "summary": f"the end: {EVIL}", "hint": f"curl {URL}", "exit_code": 3, "warnings": 2,
    "paid": (PAID, Paid(what=f"Deployment b/{EVIL}"), Paid(what="", node="gpu-2")),
}  # fmt: skip


def row(name: str, state: str = "settled", detail: str = "", layer: str = "platform", **more: object) -> Row:
    return Row(name=name, layer=layer, group="core", state=state, detail=detail, **more)  # type: ignore[arg-type]


ROWS = (
    Row(name="ApplicationSet layer-platform", layer="platform", group="", state="settled"),
    row("dex"),
    row("argo", "waiting", "no endpoints", since_s=9),
    row("keda", "waiting", "0 of 1 ready", since_s=245, evidence=(EVIL, f"pull {URL}"), hint=f"curl {URL}"),
    row("chat", "hopeless", EVIL, "experience"),
    row("raw-vllm", "manual", "not synced yet", "serving"),
    row("coder", "manual", "not synced yet", "serving"),
    row("policies", "deferred", "needs AgentgatewayPolicy", "serving"),
)
STAGE = StageEnded(stage="serving: wait", outcome="failed", seconds=65, because=EVIL)
CHANGE = Change(kind="AppProject", name="platform", action="failed", diff=f"-a\n+{EVIL}", detail=EVIL)
PLANNED = Planned(profile="serving", layers=("platform",), changes=(CHANGE,), groups=("core", EVIL))
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
RUN = Run(
    run="20260131T120000-3f9a", command=f"wait {EVIL}", began=NOON, ended=NOON, seconds=5.0,
    exit_code=3, summary=f"{EVIL}\nand more", warnings=1,
)  # fmt: skip
FOUND = Found(
    status="fail", symptom=EVIL, cause=EVIL, fix=f"curl {URL}", about=EVIL, owner=EVIL,
    evidence=(Seen(source="condition Ready", text=EVIL, at="2026-01-31T12:00:00Z"),),
)  # fmt: skip
CHECKS = (
    Checked(slug="nodes-ready", group="cluster", title="all are ready", status="ok",
            findings=(Found(status="ok", symptom="2 of 2"),)),
    Checked(slug="default-storage-class", group="storage", title=EVIL, status="fail", findings=(FOUND, FOUND)),
    Checked(slug="secrets-present", group="storage", title=EVIL, status="skip", because="default-storage-class",
            findings=(Found(status="skip", symptom="it has to pass first"),)),
)  # fmt: skip

EXAMPLES: tuple[Result, ...] = (
    events.Failed(**END, kind="Unreachable"),
    results.Resolved(
        **END, file="groups.generated.yaml", changed=True, written=False, diff=f"-a\n+{EVIL}",
        notes=(("warn", EVIL),), prunes=(Prune(group="demos", applications=("echo",), holds=(EVIL,)),),
    ),
    results.Rooted(**END, profile="serving", changes=(CHANGE,), rows=ROWS, seconds=3.0),
    results.Waited(**END, profile="serving", rows=ROWS, revisions=(("main", "1a2b3c4d5e"),), seconds=3.0),
    results.Synced(
        **END, road=f"Argo CD's API at {EVIL}",
        applications=(
            SyncedApplication(name="a", outcome="failed", message=EVIL, resources=(("Pod/a", "failed", EVIL),)),
        ),
    ),
    results.ModelUp(
        **END, model="llama", raised=True, lowered=True, seconds=3.0,
        rows=(
            row("accepted", since_s=1.0), row("image", "hopeless", EVIL, since_s=9.0, limit_s=900.0, evidence=(EVIL,)),
            row("weights", "ahead", limit_s=600.0),
        ),
    ),
    results.ModelDown(
        **END, models=(Lowered(name=f"Deployment a/{EVIL}", action="failed", detail=EVIL),),
        rows=(row("node gpu-1", "waiting", EVIL),), notes=(EVIL,), seconds=3.0,
    ),
    results.Smoked(
        **END, profile="serving",
        probes=(
            Probe(target=EVIL, what="chat", status="fail", said=EVIL, id="smoke.x", cause=EVIL, fix=f"curl {URL}",
                  evidence=(EVIL,)),
            Probe(target=EVIL, what="stream", status="skip", said=EVIL),
        ),
        checks=CHECKS[1:2],
    ),
    results.Diagnosed(
        **END, origin=RunStarted(run=RUN.run, command="doctor", context=EVIL), seconds=0.4, taken=NOON.isoformat(),
        profile="serving", layers=("platform", "serving"), checks=CHECKS,
    ),
    results.Linted(
        **END, tree="platform", profile="", layers=("platform",), applications=2, unrendered=(("argo", EVIL),),
        checks=(
            Checked(slug="volume-single-writer", group="storage", title=EVIL, status="suppressed",
                    findings=(replace(FOUND, status="suppressed", file=f"a/{EVIL}.yaml", line=3), FOUND)),
        ),
    ),
    results.Fixed(
        **END, slug="sync-retries",
        writes=(
            results.Write(about=f"Application {EVIL}", what="sync it once", outcome="done"),
            results.Write(about="Application b", what="sync it once", outcome="failed", why=EVIL),
        ),
        check=Checked(slug="sync-retries", group="layers", title=EVIL, status="fail", findings=(FOUND,)),
    ),
    results.CheckListed(**END, checks=(("storage", "default-storage-class", EVIL, "cluster-reachable"),)),
    results.Standing(
        **END, context=EVIL, taken=NOON.isoformat(), revision="main is at 1a2b3c4d", rows=ROWS, nodes=(PAID,),
        models=(
            ModelStands(name=f"Deployment a/{EVIL}", application="", wanted=1, ready=0, nodes=(EVIL,), raised=EVIL),
            ModelStands(name="Deployment a/b", application="b", wanted=0, ready=0),
        ),
        unread=(EVIL,), runs=(RUN,),
    ),
    results.BroughtUp(**END, stages=(STAGE,), rows=ROWS),
    results.Remembered(**END, runs=(RUN,)),
    results.Replayed(
        **END, of=RUN, told=(EVIL, PLANNED), ended=events.Failed(**END, kind="Unreachable"), ended_as="Failed"
    ),
    results.LabStands(
        **END, faults=(FaultStands(slug="nodes-ready", provokes=EVIL, named_by="check nodes-ready", on=True),)
    ),
    results.RunbooksListed(**END, runbooks=(("default-storage-class", EVIL),)),
    results.RunbookRead(**END, slug="x", title="Words", text="Words of a runbook.\n"),
)  # fmt: skip

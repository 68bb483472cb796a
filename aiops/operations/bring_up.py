"""`bring-up`: the staged sequence, each stage proven before the next. It sees what is done and goes on from there."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from aiops import clock
from aiops.config.tables import SERVING
from aiops.errors import AiopsError
from aiops.operations.gate import Gate, Step
from aiops.operations.root import root
from aiops.operations.stage_checks import check_prerequisites, check_profile
from aiops.operations.target import prove_target
from aiops.operations.wait import wait
from aiops.progress.events import Result, Row, StageEnded, StageStarted
from aiops.progress.results import BroughtUp, Rooted, Synced, Waited
from aiops.session import Session


def stages_of(session: Session, profile: str) -> tuple[str, ...]:
    """The profiles on the way to this one: those whose layers come first in its own, narrowest first."""
    wanted = session.layers(profile)
    prefixes = {wanted[:length] for length in range(1, len(wanted))}
    narrower: dict[tuple[str, ...], str] = {}
    for name, layers in session.profiles().items():
        if layers in prefixes:
            narrower.setdefault(layers, name)  # two names for the same layers are one stage
    return (*(narrower[layers] for layers in sorted(narrower, key=len)), profile)


def again(profile: str) -> str:
    """What to do once the cause of a failure is gone."""
    return f"`aiops bring-up --profile {profile}` goes on from here"


def _target(session: Session) -> Result:
    prove_target(session)
    return Result(summary=session.target)


def bring_up(session: Session, profile: str, *, limit_s: float | None, gpu: bool = True) -> BroughtUp:
    """Bring the platform up to a profile; it ends with the first stage that fails, whose result it carries.

    `limit_s` bounds the wait of each stage; None: the config's. `gpu`: with the GPU gate, where a stage serves models;
    however that ends, what this run raised is lowered, unless it was interrupted: then nothing is written any more.
    """
    stages = stages_of(session, profile)
    gate = Gate(session) if gpu and any(SERVING in session.layers(stage) for stage in stages) else None
    steps = _steps(session, stages, gate, limit_s)
    course = Course(session, profile)
    try:
        for name, work in steps:
            if course.run(name, work).exit_code:
                break
        if gate is not None and gate.owned:
            course.run(f"vllm-down {gate.application}", gate.down)
    except Exception:
        if gate is not None:
            gate.abandon()
        raise
    return course.end()


def _steps(session: Session, stages: tuple[str, ...], gate: Gate | None, limit_s: float | None) -> list[Step]:
    timeouts = session.config.aiops.timeouts
    steps: list[Step] = [
        ("target", partial(_target, session)),
        ("prerequisites", partial(check_prerequisites, session, stages[0])),
    ]
    for stage in stages:
        steps.append((f"{stage}: root", partial(root, session, stage, limit_s=timeouts.root)))
        steps.append((f"{stage}: wait", partial(wait, session, stage, limit_s=limit_s or timeouts.wait)))
        steps.append((f"{stage}: checks", partial(check_profile, session, stage)))
        steps += gate.steps(stage) if gate is not None else ()
    return steps


Outcome = Literal["done", "skipped", "failed"]


@dataclass
class Course:
    """What has been done so far."""

    session: Session
    profile: str
    stages: list[StageEnded] = field(default_factory=list)
    rows: tuple[Row, ...] = ()
    warnings: int = 0
    failures: list[tuple[str, Result]] = field(default_factory=list)

    def run(self, name: str, work: Callable[[], Result]) -> Result:
        """Run one stage, say so, and keep how it ended."""
        self.session.report(StageStarted(stage=name))
        began = clock.monotonic()
        try:
            result = work()
        except AiopsError as error:
            result = Result(summary=error.message, hint=error.hint, exit_code=error.exit_code)
        self.warnings += result.warnings
        if isinstance(result, Waited):
            self.rows = result.rows
        if isinstance(result, Synced):  # what the wait before said of them is no longer so
            names = {each.name for each in result.applications}
            self.rows = tuple(row for row in self.rows if row.name not in names)
        if result.exit_code:
            self.failures.append((name, result))
            self._ended(name, began, "failed", result.summary)
        elif isinstance(result, Rooted) and all(change.action == "unchanged" for change in result.changes):
            self._ended(name, began, "skipped", "applied already, and proven again")
        else:
            self._ended(name, began, "done", result.summary)
        return result

    def end(self) -> BroughtUp:
        """The table of stages; the summary and exit code are those of what failed first."""
        seconds = sum(stage.seconds for stage in self.stages)
        end = BroughtUp(
            summary=f"profile {self.profile} is up after {seconds:.0f} s",
            warnings=self.warnings, stages=tuple(self.stages), rows=self.rows,
        )  # fmt: skip
        if not self.failures:
            return end
        first = self.failures[0][1]
        return replace(
            end,
            summary="; ".join(f"{stage}: {result.summary}" for stage, result in self.failures),
            hint="\n".join(hint for hint in (first.hint, again(self.profile)) if hint),
            exit_code=first.exit_code,
        )

    def _ended(self, name: str, began: float, outcome: Outcome, because: str) -> None:
        seconds = clock.monotonic() - began
        self.stages.append(StageEnded(stage=name, outcome=outcome, seconds=seconds, because=because))
        self.session.report(self.stages[-1])

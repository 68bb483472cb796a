"""Which phase a model is in, how long each has taken, and how long it may take."""

from dataclasses import replace

from aiops import clock
from aiops.config.model import Timeouts
from aiops.judge.model import Model
from aiops.judge.phases.phase import PHASES, Phase, Stand
from aiops.progress.events import Row, duration

EVIDENCE_LINES = 4


class Phases:
    """Remembers when each phase began and what it took."""

    def __init__(self, timeouts: Timeouts, model: Model) -> None:
        self.model, self.stand = model, Stand(phase="accepted", detail="reading")
        self.budgets: dict[Phase, float] = {
            "capacity": timeouts.node,
            "node": timeouts.node,
            "image": timeouts.image,
            "weights": model.startup_s,
            "serving": timeouts.answer,
        }
        self._began = clock.monotonic()
        self._took: dict[Phase, float] = {}

    def advance(self, stand: Stand) -> Phase | None:
        """Take in where it stands now; the phase that it fell back from, or None where it goes on."""
        # its rows stand beneath its name already
        stand = replace(stand, detail=stand.detail.removeprefix(f"{self.model.name} (Deployment): "))
        before, self.stand = self.stand.phase, stand
        if stand.phase == before:
            if stand.done:
                self._took[before] = self._here()
            return None
        self._took[before] = self._here()
        self._began = clock.monotonic()
        for phase in PHASES[PHASES.index(stand.phase) :]:
            self._took.pop(phase, None)
        return before if PHASES.index(stand.phase) < PHASES.index(before) else None

    def rows(self) -> tuple[Row, ...]:
        """One for each phase: passed, the one it is in, and those ahead."""
        return tuple(self._row(phase) for phase in PHASES)

    def passed_words(self) -> str:
        """`accepted 1s, capacity 2m05s`, for a line about the end."""
        passed = [f"{phase} {duration(self._took.get(phase, 0.0))}" for phase in PHASES[: self._index()]]
        return ", ".join(passed) or "none passed"

    def _here(self) -> float:
        return clock.monotonic() - self._began

    def _index(self) -> int:
        return len(PHASES) if self.stand.done else PHASES.index(self.stand.phase)

    def _row(self, phase: Phase) -> Row:
        stand, number = self.stand, PHASES.index(phase)
        row = Row(name=phase, layer=self.model.name, group="", state="ahead", limit_s=self.budgets.get(phase, 0.0))
        if number < self._index():
            return replace(row, state="settled", since_s=self._took.get(phase, 0.0))
        if number > self._index():
            return row
        return replace(
            row,
            state="hopeless" if stand.hope == "no" else "waiting",
            detail=stand.detail,
            since_s=self._here(),
            evidence=tuple(str(each) for each in stand.evidence[:EVIDENCE_LINES]),
            hint=stand.fix,
        )

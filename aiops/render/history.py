"""The runs of this machine as a table."""

from collections.abc import Iterator, Sequence

from aiops.progress.events import duration
from aiops.progress.results import Run
from aiops.render.glyphs import UNSURE, verdict
from aiops.render.line import Line

COMMAND_WIDTH = 40
"""A longer command is shown whole and moves only what is behind it."""


def table(runs: Sequence[Run]) -> Iterator[Line]:
    """Of each run when it began, by this machine's clock, its id, how long it took, what it was, how it ended."""
    width = min(COMMAND_WIDTH, max((len(run.command) for run in runs), default=0))
    for run in runs:
        began = f"{run.began.astimezone():%Y-%m-%d %H:%M:%S}"
        sign = UNSURE if run.exit_code is None else verdict(run.exit_code, run.warnings)
        lead = f"{began}  {run.run}  {duration(run.seconds):>7}  "
        yield Line(f"{lead}{run.command:<{width}}  {_end(run)}", sign, hang=len(lead))


def _end(run: Run) -> str:
    if run.exit_code is None:
        return "no end is recorded: killed, or still under way"
    if run.exit_code:
        return f"failed: {next(iter(run.summary.splitlines()), '')}"
    return f"done ({run.warnings} warning{'s' if run.warnings > 1 else ''})" if run.warnings else "done"

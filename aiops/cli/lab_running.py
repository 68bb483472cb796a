"""`lab up`, and what is said to the lab that runs."""

import shlex
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import rmtree

from aiops.cli.lab import lab_words
from aiops.cli.lab_platform import CONTEXT, Platform, config_file, no_fault, prepare, start
from aiops.cli.showing import write_line
from aiops.errors import WrongUse
from aiops.lab import control, provoked
from aiops.lab.api.kinds import Json
from aiops.lab.lab import Lab
from aiops.lab.provoked import files
from aiops.progress.remembered import state_folder
from aiops.progress.results import FaultStands, LabStands
from aiops.session import Session


def up(session: Session, *, tree: Path | None, port: int, speed: float) -> LabStands:
    """Run a lab until somebody ends it."""
    _refuse_taken(port)
    with _folder() as folder:
        platform = prepare(config_file(session, tree), folder)
        context = platform.config.aiops.context or CONTEXT
        with (
            start(platform, folder, speed=speed, context=context, port=port) as lab,
            control.listening(folder, partial(_answer, lab)),
        ):
            try:
                for line in _exports(lab, platform):
                    write_line(line)
                threading.Event().wait()
            except KeyboardInterrupt as stop:
                return LabStands(summary="the lab has ended", exit_code=getattr(stop, "exit_code", 130))
    raise AssertionError("nobody sets the event")


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise WrongUse(f"--port {port}: {error.strerror}", "name another, or none") from error


@contextmanager
def _folder() -> Iterator[Path]:
    """The one of the lab that runs; WrongUse where one does."""
    folder = _place()
    try:
        control.ask(folder, {})
    except control.NotRunning:
        rmtree(folder, ignore_errors=True)  # of one that was killed
    else:
        raise WrongUse("a lab runs already", "end it with Ctrl-C in its terminal, or use that one")
    folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)


def _place() -> Path:
    return state_folder() / "lab"


def _exports(lab: Lab, platform: Platform) -> Iterator[str]:
    """Lines for a shell: what is no export is a comment."""
    yield f"# {lab_words(lab.cluster.clock.speed)}"
    config = {"AIOPS_CONFIG": str(platform.config.path)} if platform.copied else {}
    for name, value in {**lab.environ(), **platform.environ, **config}.items():
        yield f"export {name}={shlex.quote(value)}"
    yield "# With these lines aiops, kubectl and git push in another terminal mean the lab. Ctrl-C here ends it."


def _answer(lab: Lab, word: Json) -> Json:
    """To another process: switch a fault, or nothing; then how all of them stand."""
    if word:
        lab.call(partial(provoked.switch, lab.cluster, word["slug"], word["on"]))
    return {"on": [fault.slug for fault in provoked.ALL if lab.cluster.faults.on(fault.slug)]}


def listed() -> LabStands:
    """All faults, and which are on in the lab that runs."""
    try:
        on = control.ask(_place(), {})["on"]
    except control.NotRunning:
        on = None
    rows = (
        *(_stands(fault, on=fault.slug in (on or ())) for fault in provoked.ALL),
        *(_stands(fault, on=False) for fault in files.ALL),
    )
    if on is None:
        return LabStands(summary=f"{len(rows)} faults; no lab runs", hint="aiops lab up", faults=rows)
    return LabStands(summary=f"{len(rows)} faults, {len(on)} of them on", faults=rows)


def switch(slug: str, *, on: bool) -> LabStands:
    """Switch a fault of the lab that runs."""
    if slug in files.BY_SLUG:
        raise WrongUse(
            f"{slug} is a fault of your own files, which a lab leaves alone", f"aiops rehearse --fault {slug}"
        )
    if slug not in provoked.BY_SLUG:
        raise no_fault(slug, provoked.BY_SLUG)
    fault = provoked.BY_SLUG[slug]
    try:
        control.ask(_place(), {"slug": slug, "on": on})
    except control.NotRunning:
        raise WrongUse("no lab runs", "aiops lab up") from None
    except ValueError as error:
        raise WrongUse(f"{slug}: {error}") from None
    end = f"{slug} is on" if on else f"{slug} is over"
    hint = f"`aiops lab fault {slug} --clear` ends it" if on else ""
    return LabStands(summary=end, hint=hint, faults=(_stands(fault, on=on),))


def _stands(fault: provoked.Fault | files.FileFault, *, on: bool) -> FaultStands:
    return FaultStands(slug=fault.slug, provokes=fault.provokes, named_by=fault.named_by, on=on)

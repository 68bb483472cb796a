"""`rehearse`: a bring-up on a lab of its own, which is gone afterwards."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from shutil import rmtree

from aiops.cli.lab import lab_words
from aiops.cli.lab_platform import CONTEXT, Unversioned, config_file, no_fault, prepare, start
from aiops.errors import Interrupted
from aiops.lab import provoked, repository
from aiops.lab.lab import Lab
from aiops.lab.provoked import files
from aiops.operations.bring_up import again, bring_up
from aiops.progress.events import Result, Said
from aiops.progress.remembered import state_folder
from aiops.session import Session

CLOSER = "`aiops lab up` runs such a lab for a closer look"


def rehearse(session: Session, profile: str, *, tree: Path | None, faults: Iterable[str], speed: float) -> Result:
    """The end of the bring-up; with faults, of one in which these go wrong."""
    faults = tuple(faults)
    for slug in faults:
        if slug not in provoked.BY_SLUG.keys() | files.BY_SLUG.keys():
            raise no_fault(slug, [*provoked.BY_SLUG, *files.BY_SLUG])
    edits = [files.BY_SLUG[slug] for slug in faults if slug in files.BY_SLUG]
    try:
        with _on_a_lab(session, tree, edits, speed) as lab:
            for slug in faults:
                if slug in provoked.BY_SLUG:
                    lab.call(partial(provoked.switch, lab.cluster, slug, True))
            session.target = f"context {CONTEXT} ({session.kube.server}), {lab_words(1.0)}"
            session.report(Said(text=session.target))
            result = bring_up(session, profile, limit_s=None)
    except KeyboardInterrupt as stop:
        raise Interrupted(getattr(stop, "exit_code", 130), "the lab is gone, and all that was on it") from None
    return replace(result, hint=result.hint.replace(again(profile), CLOSER))


@contextmanager
def _on_a_lab(session: Session, tree: Path | None, edits: Sequence[files.FileFault], speed: float) -> Iterator[Lab]:
    """Let a session work on a lab and on nothing else: whatever names its own clusters is taken from it."""
    with _own_folder() as folder:
        platform = prepare(config_file(session, tree), folder, edits)
        aiops = platform.config.aiops
        aiops = replace(aiops, context=CONTEXT, argocd=replace(aiops.argocd, server=None))
        with start(platform, folder, speed=speed, context=CONTEXT) as lab:
            session.config = replace(platform.config, aiops=aiops)
            session.environ = {name: value for name, value in session.environ.items() if not name.startswith("ARGOCD_")}
            session.kubeconfig = str(lab.kubeconfig)
            os.environ.update(platform.environ)
            if not repository.has_git():
                session.git = Unversioned(lab)
            try:
                yield lab
            finally:
                session.paying.clear()  # whatever it was, it goes with the lab


@contextmanager
def _own_folder() -> Iterator[Path]:
    """Of this user alone, and gone afterwards."""
    parent = state_folder() / "rehearsals"
    parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        rmtree(folder, ignore_errors=True)

"""`sync`: deploys manual applications, one operation each, and never resets a running model."""

from collections.abc import Sequence

from aiops.config.spelling import did_you_mean
from aiops.errors import WrongUse
from aiops.gitops.application import Application
from aiops.operations.gpu_guard import refuse_gpu, refuse_reset
from aiops.operations.models import live_application
from aiops.operations.revision import Revision, read_revision
from aiops.operations.sync_road import road
from aiops.operations.syncing import Syncing
from aiops.operations.target import prove_target
from aiops.progress.results import Synced
from aiops.session import Session
from aiops.snapshot import Json


def sync(session: Session, names: Sequence[str], *, limit_s: float, gpu: bool) -> Synced:
    """Sync applications side by side and wait for their operations, at most `limit_s` seconds.

    Everything is checked before the first write, and each application once more right before its own.
    """
    layers = tuple(layer.name for layer in session.tree.layers)
    revision = read_revision(session, layers)
    chosen = {name: _choose(revision, name) for name in names}
    prove_target(session)

    def guard(name: str, app: Json) -> None:
        application, files = chosen[name], revision.delivery.files
        refuse_reset(session, application, files, app)
        if not gpu:
            refuse_gpu(session, application, files, app)

    for name in chosen:
        guard(name, live_application(session, name))
    return Syncing(session, revision, tuple(chosen), road(session), guard).run(limit_s)


def _choose(revision: Revision, name: str) -> Application:
    """The application of that name in an enabled group; WrongUse with the nearest name otherwise."""
    tree = revision.delivery.tree
    known = {each.name: each for each in tree.applications_in(revision.delivery.inside)}
    if name in known:
        return known[name]
    manual = ", ".join(each.name for each in known.values() if not each.automatic)
    raise WrongUse(
        f"{tree.where} has no application `{name}` in an enabled group{did_you_mean(name, known)}",
        f"manual ones: {manual}",
    )

"""Takes the look that doctor and status judge: one parallel pass over the cluster, git and the config."""

import secrets
import time
import traceback
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

from aiops import clock
from aiops.clients.kube import Kube
from aiops.collect import gather
from aiops.collect.cluster import ClusterReads, Read
from aiops.config.model import Timeouts
from aiops.errors import AiopsError, CannotTell, Forbidden, TargetError, WrongUse
from aiops.judge.doubt import doubted
from aiops.operations.look_beneath import BeneathReads
from aiops.operations.look_git import GitReads
from aiops.progress.events import Looked, Report, Row
from aiops.session import Session
from aiops.snapshot import Unread
from aiops.snapshot.look import Look

AT_ONCE = 16
"""As many connections as the API client keeps."""
PATIENCE_S = 1.0
"""After so long somebody wants to know what it waits for."""


def take_look(session: Session, profile: str | None, names: Iterable[str], report: Report | None = None) -> Look:
    """Everything named, and no more, within `timeouts.look`. What could not be read by then is in the look too.

    `report` hears what a look that takes long waits for.

    WrongUse for a profile, a context or a kubeconfig that was named and is not there.
    """
    if profile is not None and session.readable_config is not None:
        session.layers(profile)
    wanted = set(names)
    cluster = _cluster(session)  # a login, which has a limit of its own, is before the look
    began = time.monotonic()
    every = _reads(session, profile, cluster)
    reads = {name: understood(name, read) for name, read in every.items() if name in wanted}
    config = session.readable_config
    limit_s = (config.aiops.timeouts if config is not None else Timeouts()).look

    def waiting(out: Collection[str]) -> None:
        elapsed_s = time.monotonic() - began
        if report is not None and elapsed_s > PATIENCE_S:
            report(_waiting(tuple(reads), out, elapsed_s, limit_s))

    answers, failures = gather(reads, at_once=AT_ONCE, limit_s=limit_s, began=began, waiting=waiting)
    for name, why in tuple(doubted(answers)):
        del answers[name]
        failures[name] = CannotTell(f"kubernetes: {why}", "get the same list with kubectl, with the same login")
    here = clock.now()
    taken = cluster.kube.now() if cluster.kube is not None else here
    return Look(
        run=session.run,
        command=session.command,
        context=cluster.where,
        namespace=cluster.namespace,
        profile=profile or "",
        taken=taken.isoformat(timespec="seconds"),
        here=here.isoformat(timespec="seconds"),
        seconds=round(time.monotonic() - began, 3),
        reads={name: answers[name] for name in reads if name in answers},
        unread={name: unread(name, failures[name]) for name in reads if name in failures},
    )


def log_in(session: Session) -> None:
    """LoginFailed at once, for who would look in vain, or look again and again; that no cluster is named is none."""
    with suppress(WrongUse):
        _connected(session)


def read_all(reads: Mapping[str, Read]) -> tuple[dict[str, object], dict[str, Unread]]:
    """(answers, what could not be read) of reads that need no network."""
    answers, failures = gather({name: understood(name, read) for name, read in reads.items()})
    return answers, {name: unread(name, error) for name, error in failures.items()}


def understood(name: str, read: Read) -> Read:
    """An answer of an odd shape, or a bug in taking it in, costs what rests on this read and nothing else."""

    def reading() -> object:
        try:
            return read()
        except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
            words = f"{name}: an answer that aiops does not understand ({type(error).__name__}: {error}, {where})"
            raise CannotTell(words, "report it as a bug of aiops, with this line") from error

    return reading


def _waiting(names: Iterable[str], out: Collection[str], elapsed_s: float, limit_s: float) -> Looked:
    rows = tuple(
        Row(name=name, layer="reads", group="", state="waiting", detail="no answer yet", since_s=elapsed_s)
        if name in out
        else Row(name=name, layer="reads", group="", state="settled")
        for name in names
    )
    return Looked(what="looking at the cluster, git and the config", rows=rows, elapsed_s=elapsed_s, limit_s=limit_s)


@dataclass(frozen=True)
class Cluster:
    """The cluster that is looked at, or why there is none."""

    namespace: str
    """Argo CD's."""
    kube: Kube | None = None
    error: AiopsError | None = None

    @property
    def where(self) -> str:
        """Its context and server."""
        return f"context {self.kube.context} ({self.kube.server})" if self.kube is not None else "no cluster"

    def absent(self) -> NoReturn:
        """Stands for every read of a cluster that nobody can reach."""
        assert self.error is not None  # noqa: S101 - one of the two is there
        raise self.error


def _connected(session: Session) -> Kube:
    if session.readable_config is None and "kube" not in vars(session):
        session.connect_without_config()
    return session.kube


def _cluster(session: Session) -> Cluster:
    """By the session's context; where nobody named one, that there is none is a finding and no wrong use."""
    config = session.readable_config
    namespace = config.aiops.argocd.namespace if config is not None else "argocd"
    try:
        kube = _connected(session)
        kube.log_in()
        return Cluster(namespace, kube)
    except TargetError:
        raise
    except CannotTell as error:
        return Cluster(namespace, error=error)
    except WrongUse as error:
        if session.context_option or session.kubeconfig:
            raise
        return Cluster(namespace, error=CannotTell(error.message, error.hint))


def _reads(session: Session, profile: str | None, cluster: Cluster) -> Mapping[str, Read]:
    """Every read by its name; each is made once, whoever asks for it."""
    if cluster.kube is None:
        git = GitReads(session, profile, cluster.absent)
        names = (*ClusterReads.names(), *BeneathReads.names())
        return {**git.named(), **dict.fromkeys(names, cluster.absent)}
    of_cluster = ClusterReads(cluster.kube, cluster.namespace, secrets.token_hex(8))
    live = of_cluster.named()
    git = GitReads(session, profile, live["application-sets"])
    beneath = BeneathReads(session, of_cluster, live, git)
    return {**git.named(), **live, **beneath.named()}  # git first: it waits for no API that hangs


def unread(name: str, error: AiopsError) -> Unread:
    """Why a read has no answer, as a look keeps it."""
    lines = error.message.splitlines()
    return Unread(
        what=name,
        why=lines[0],
        fix=error.hint,
        refused=error.right or "read it" if isinstance(error, Forbidden) else "",
        definite=error.exit_code in (2, 3),
    )

"""The cluster's Applications and ApplicationSets, and what of Argo CD stands still."""

from aiops import clock
from aiops.clients.kube import APPLICATION, APPLICATIONSET, Kind, Kube
from aiops.judge import application, applicationset
from aiops.judge.stall import stalled_part
from aiops.operations.followed import Followed
from aiops.operations.waiting import Inbox
from aiops.snapshot import Json, Snapshot

NAMED = 3
"""How many objects with an unanswered refresh are named."""
FOLLOWED = (APPLICATION, APPLICATIONSET)
PENDING = {
    APPLICATION: application.refresh_pending,
    APPLICATIONSET: applicationset.refresh_pending,
}


class Picture(Followed):
    """What the watches of Argo CD's namespace tell."""

    def __init__(self, kube: Kube, namespace: str, inbox: Inbox) -> None:
        self._changed_at = dict.fromkeys(FOLLOWED, clock.monotonic())
        self._pending_since: dict[tuple[Kind, str], float] = {}
        super().__init__(kube, dict.fromkeys(FOLLOWED, namespace), inbox)

    @property
    def applications(self) -> dict[str, Json]:
        """By name."""
        return self.objects(APPLICATION)

    @property
    def applicationsets(self) -> dict[str, Json]:
        """By name."""
        return self.objects(APPLICATIONSET)

    def changed(self, kind: Kind, before: Json | None, body: Json) -> None:
        """An object that has just been asked to refresh did not move by itself."""
        if before is None or not PENDING[kind](body):
            self.moved(kind)

    def moved(self, kind: Kind) -> None:
        """Argo CD did something."""
        self._changed_at[kind] = clock.monotonic()

    def trouble(self) -> str:
        """Why the picture may be old or stand still; empty where all is well."""
        if text := super().trouble():
            return text
        now = clock.monotonic()
        text = stalled_part(self._silent_s(APPLICATION, now), self._silent_s(APPLICATIONSET, now))
        return f"{text} ({self._unanswered()})" if text else ""

    def snapshot(self) -> Snapshot:
        """What is known now, as one immutable look."""
        return Snapshot(
            taken=self._kube.now(),
            applications=dict(self.applications),
            applicationsets=dict(self.applicationsets),
        )

    def _unanswered(self) -> str:
        names = sorted(name for _, name in self._pending_since)
        return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")

    def _silent_s(self, kind: Kind, now: float) -> float:
        """For how long refreshes of this kind have been pending while nothing of the kind moved."""
        pending = {name for name, body in self.objects(kind).items() if PENDING[kind](body)}
        for name in pending:
            self._pending_since.setdefault((kind, name), now)
        for key in [key for key in self._pending_since if key[0] == kind and key[1] not in pending]:
            del self._pending_since[key]
        waiting = [since for key, since in self._pending_since.items() if key[0] == kind]
        return min(now - self._changed_at[kind], now - min(waiting)) if waiting else 0.0

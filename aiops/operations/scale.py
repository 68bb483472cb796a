"""Sets the replicas of a model, and says on the Deployment who did it: one patch, so that neither is without the other.

The patch is guarded by the resourceVersion that was judged. A JSON merge patch leaves the replicas' other owners
in place, so a server-side apply by Argo CD does not conflict with it.
"""

import getpass
import platform
import time
from typing import Literal

from aiops import clock
from aiops.clients.kube import DEPLOYMENTS, Kube
from aiops.errors import AiopsError, Conflict, Forbidden, LoginFailed, NotFound, Refused
from aiops.judge.raised import RAISED, Raised, raised_of, still_raised
from aiops.session import Session
from aiops.snapshot import Json

PAUSE_S = 2.0
SURELY_S = 60.0
"""For how long a scaling down is tried again."""

Down = Literal["lowered", "down", "not ours"]
"""By us; by somebody else, or it was deleted; it is up for somebody else."""


def mark(session: Session, command: str) -> Raised:
    """This run, as it is written on what it raises."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in a container; KeyError before Python 3.13
        user = "somebody"
    at = session.kube.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    return Raised(run=session.run, command=command, user=f"{user}@{platform.node()}", at=at)


def set_replicas(kube: Kube, deployment: Json, replicas: int, raised: Raised | None) -> Json:
    """The Deployment at so many replicas, raised by this run or by nobody; Refused where somebody was faster."""
    before = deployment
    while True:
        meta = before["metadata"]
        note = raised.annotation() if raised else None
        body = {
            "metadata": {"resourceVersion": meta["resourceVersion"], "annotations": {RAISED: note}},
            "spec": {"replicas": replicas},
        }
        try:
            return kube.merge_patch(DEPLOYMENTS, meta["name"], meta["namespace"], body)
        except Conflict as error:
            before = kube.get(DEPLOYMENTS, meta["name"], meta["namespace"])
            if before["metadata"]["resourceVersion"] == meta["resourceVersion"]:
                raise  # it is about something else, as a quota
            if _scaling(before) != _scaling(deployment):
                who = raised_of(before)
                raise Refused(
                    f"Deployment {meta['namespace']}/{meta['name']} was scaled to {before['spec'].get('replicas')}"
                    f" meanwhile{f' by {who}' if who else ''}",
                    "run it again: it goes on from where things stand",
                ) from error


def lower(kube: Kube, namespace: str, name: str, run: str | None) -> Down:
    """Scale to 0, whatever it takes for a minute: it is the one write whose failure costs money.

    `run`: only while it is what this run raised, and nobody scaled it since; None: whoever raised it. Raises the last
    error where nothing helped: it still runs.
    """
    began = clock.monotonic()
    while True:
        try:
            live = kube.get(DEPLOYMENTS, name, namespace)
            raised = still_raised(live)
            if run is not None and (raised is None or raised.run != run):
                return "not ours" if live["spec"].get("replicas") else "down"
            set_replicas(kube, live, 0, None)
        except NotFound:
            return "down"
        except (Forbidden, LoginFailed):
            raise  # no second try changes it
        except AiopsError:
            if clock.monotonic() - began > SURELY_S:
                raise
            time.sleep(clock.real(PAUSE_S))
        else:
            return "lowered"


def _scaling(deployment: Json) -> tuple[object, object]:
    notes = deployment["metadata"].get("annotations") or {}
    return deployment["spec"].get("replicas"), notes.get(RAISED)

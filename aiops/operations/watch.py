"""`doctor --watch`: look after look, and what changed from one to the next."""

import re
import time
from collections.abc import Iterator, Mapping
from typing import NoReturn

from aiops import clock
from aiops.checks.engine import BAD, reads_of
from aiops.errors import Interrupted
from aiops.operations.doctor import Choice, diagnose
from aiops.operations.look import log_in, take_look
from aiops.operations.paying import gpu_nodes
from aiops.progress.results import Changed, Diagnosed, Found, Watched
from aiops.session import Session

Key = tuple[str, str]


def watch(session: Session, profile: str | None, choice: Choice, *, every_s: float) -> NoReturn:
    """Look again and again, `every_s` seconds after each look, until somebody stops it: then Interrupted."""
    checks = choice.checks()
    before: Diagnosed | None = None
    known: Mapping[Key, Found] | None = None
    try:
        log_in(session)
        while True:
            look = take_look(session, profile, reads_of(checks))
            session.paying.clear()
            session.paying.update({paid.node: paid for paid in gpu_nodes(look)})
            result = diagnose(look, checks)
            seen = findings(result, known or {})
            session.report(Watched(result=result, changes=tuple(changes(known, seen, look.taken)), every_s=every_s))
            before, known = result, seen
            time.sleep(clock.real(every_s))
    except KeyboardInterrupt as stop:
        hint = before.hint if before is not None and before.exit_code else "aiops doctor"
        raise Interrupted(getattr(stop, "exit_code", 130), hint) from None


def changes(old: Mapping[Key, Found] | None, new: Mapping[Key, Found], at: str) -> Iterator[Changed]:
    """What is new, and what is over, since the look before; nothing where there was none."""
    if old is None:
        return
    for key in (*(key for key in old if key not in new), *new):
        was, found = old.get(key), new.get(key)
        if was is None or found is None or was.status != found.status:
            told = found or was
            assert told is not None  # noqa: S101 - it is in one of the two
            yield Changed(
                slug=key[0],
                at=at,
                was=was.status if was else "ok",
                now=found.status if found else "ok",
                symptom=told.symptom,
            )


def findings(result: Diagnosed, before: Mapping[Key, Found]) -> Mapping[Key, Found]:
    """By check and what they are about: how long it has been so is said in a symptom, and is no change.

    What a check found `before` and cannot judge now is as it was: nobody knows that it is over.
    """
    untold = {check.slug for check in result.checks if check.because or check.status == "unknown"}
    now = {
        (check.slug, found.about or found.file or re.sub(r"\d+", "#", found.symptom)): found
        for check in result.checks
        for found in reversed(check.findings)
        if found.status in BAD
    }
    return {**{key: found for key, found in before.items() if key[0] in untold and found.status != "unknown"}, **now}

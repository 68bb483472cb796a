"""Has an ApplicationSet reconciled since it was asked to, and made exactly the group applications of the file?

Its conditions carry no observedGeneration and their times do not move when nothing changes, so a True may be old:
only a consumed refresh annotation proves a new pass (argo-cd v3.5.7 applicationset_controller.go).
"""

from collections.abc import Iterable, Mapping

from aiops.judge.application import Verdict
from aiops.judge.condition import passes
from aiops.judge.expectation import Expected
from aiops.judge.text import one_line
from aiops.snapshot import Json

REFRESH = "argocd.argoproj.io/application-set-refresh"

ERROR_MAY_BE_OLD_S = {False: 2.0, True: 30.0}
"""For how long after asking an error may still be that of an earlier pass: where the pass is over (its conditions are
written just after the annotation goes), and where it is not (a failed pass leaves both in place, which looks like an
old error with the new pass still to come)."""


def refresh_pending(applicationset: Json) -> bool:
    """A new pass was asked for and has not ended well yet."""
    return REFRESH in (applicationset["metadata"].get("annotations") or {})


def judge_applicationset(
    applicationset: Json | None,
    expected: Iterable[Expected],
    applications: Mapping[str, Json],
    asked_s: float | None,
) -> Verdict:
    """The verdict on one layer's ApplicationSet.

    `expected` are its group applications by the file; `asked_s` is for how many seconds a new pass has been asked
    for (None: not yet; infinite: what the conditions say is taken as it is).
    """
    if applicationset is None:
        return Verdict(state="hopeless", detail="not on the cluster: `aiops root` applies it")
    conditions = {
        each["type"]: each for each in applicationset.get("status", {}).get("conditions") or () if "type" in each
    }
    if asked_s is None:
        return Verdict(state="waiting", detail="not asked yet to read git again", stale=True)
    pending, error = refresh_pending(applicationset), conditions.get("ErrorOccurred", {})
    if error.get("status") == "True":
        message = error.get("message", "an error occurred")
        lasting = asked_s > ERROR_MAY_BE_OLD_S[pending] and not passes(message)
        return Verdict(state="hopeless" if lasting else "waiting", detail=one_line(message))
    if pending:
        return Verdict(state="waiting", detail="asked to read git again")
    if conditions.get("ResourcesUpToDate", {}).get("status") != "True":
        return Verdict(state="waiting", detail="is making its applications")
    return _same_groups(applicationset, tuple(expected), applications)


def surplus(applicationset: Json, expected: Iterable[Expected], applications: Mapping[str, Json]) -> tuple[str, ...]:
    """The group applications that it has made and that the file does not ask for (any more)."""
    uid, wanted = applicationset["metadata"]["uid"], {each.name for each in expected}
    return tuple(sorted(name for name, body in applications.items() if name not in wanted and _made(body, uid)))


def _made(application: Json, uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in application["metadata"].get("ownerReferences") or ())


def _same_groups(applicationset: Json, expected: tuple[Expected, ...], applications: Mapping[str, Json]) -> Verdict:
    uid = applicationset["metadata"]["uid"]
    made = {name for name, body in applications.items() if _made(body, uid)}
    if missing := sorted({each.name for each in expected} - made):
        return Verdict(state="waiting", detail=f"has not made {', '.join(missing)}")
    if left := surplus(applicationset, expected, applications):
        return Verdict(state="waiting", detail=f"still has {', '.join(left)}, which the file does not name")
    for each in expected:
        source = applications[each.name]["spec"].get("source") or {}
        if source.get("path") != each.path:
            return Verdict(state="waiting", detail=f"{each.name} still reads {source.get('path')}, not {each.path}")
    return Verdict(state="settled")

"""An Application's error conditions, by what may come of them: nothing, unless git changes; or the error passes."""

from collections.abc import Iterator

from aiops.snapshot import Json

ERRORS = ("InvalidSpecError", "ComparisonError", "UnknownError", "DeletionError")
"""The one to name first, first. SyncError is left out: it repeats the failed operation, which is judged itself."""
OF_GIT = (
    "failed to generate manifest",
    "Manifest generation error",
    "app path does not exist",
    "unable to resolve",
    "is not permitted in project",
    "do not match any of the allowed destinations in project",
)
"""Errors that the commit itself, or its project, causes: looking again does not change them (argo-cd v3.5.7
util/argo/argo.go, reposerver/repository/repository.go)."""
PASSING = (
    "code = Unavailable",
    "code = DeadlineExceeded",
    "context deadline exceeded",
    "connection refused",
    "connection reset",
    "i/o timeout",
    ": EOF",  # not `unexpected EOF`, which a template's parser says of a file
    "no such host",
    "failed to list refs",
)
"""Errors of a network: they go, or the deadline names them."""


def errors(status: Json) -> Iterator[tuple[str, str]]:
    """The error conditions as (type, message), in the order of `ERRORS`."""
    for kind in ERRORS:
        for condition in status.get("conditions") or ():
            if condition.get("type") == kind:
                yield kind, condition.get("message") or ""


def passes(message: str) -> bool:
    """The error is one of a network."""
    return any(sign in message for sign in PASSING)


def of_git(message: str) -> bool:
    """The error stays until somebody changes git, or the project."""
    return any(sign in message for sign in OF_GIT)

"""Answers over HTTP."""

from collections.abc import Iterable

from aiohttp import web

from aiops.lab.api.refusals import Refusal
from aiops.lab.api.representation import dump

JSON_TYPE = "application/json"


def answered(code: int, *parts: bytes, headers: Iterable[tuple[str, str]] = ()) -> web.Response:
    """JSON, in one or more parts."""
    response = web.Response(status=code, body=b"".join((*parts, b"\n")), headers={"Content-Type": JSON_TYPE})
    response.headers.extend(headers)
    return response


def refused(refusal: Refusal) -> web.Response:
    """A Status of failure."""
    headers = [] if refusal.retry_after_s is None else [("Retry-After", str(refusal.retry_after_s))]
    return answered(refusal.code, dump(refusal.status()), headers=headers)


def absent() -> web.Response:
    """Of a path that nobody serves: no Status, but plain text."""
    return web.Response(status=404, text="404 page not found\n")


def unserved(request: web.Request) -> Refusal:
    """501 of what a real cluster has and the lab has not."""
    return Refusal(501, "NotImplemented", f"the lab does not serve {request.method} {request.path}")

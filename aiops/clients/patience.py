"""Sends a request again where another try may help, within one limit of time."""

import time
from collections.abc import Callable
from typing import TypeVar

from aiops.clients.transport import Retryable
from aiops.errors import Unreachable

TRIES = 3
SHORTEST_TRY_S = 0.1
Answer = TypeVar("Answer")


def _always(_: Retryable) -> bool:
    return True


def patiently(send: Callable[[float], Answer], limit_s: float, again: Callable[[Retryable], bool] = _always) -> Answer:
    """The answer, within `limit_s` seconds for all tries; `send` gets what is left of them.

    With backoff between the tries, or as long as the server asks for (Retry-After). Unreachable where none helped.
    """
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

    deadline = time.monotonic() + limit_s
    backoff = wait_random_exponential(multiplier=0.2, max=2.0)

    def left() -> float:
        return deadline - time.monotonic()

    def repeat(error: BaseException) -> bool:
        return isinstance(error, Retryable) and again(error) and (error.after_s or 0.0) < left()

    retrying = Retrying(
        retry=retry_if_exception(repeat),
        stop=stop_after_attempt(TRIES),
        wait=lambda state: max(0.0, min(left(), _asked_for(state.outcome) or backoff(state))),
        reraise=True,
    )
    try:
        return retrying(lambda: send(max(SHORTEST_TRY_S, left())))
    except Retryable as error:  # whether to repeat it was a matter of this room
        raise Unreachable(error.message, error.hint) from error


def _asked_for(outcome: object) -> float | None:
    error = outcome.exception() if hasattr(outcome, "exception") else None
    return error.after_s if isinstance(error, Retryable) else None

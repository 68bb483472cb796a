"""The one waiting loop, and the questions that are answered beside it.

Daemon threads read and put what they saw into one inbox; the main thread alone takes it out, judges, writes to
the cluster and reports. So Ctrl-C is prompt and nothing is written after it.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from aiops import clock
from aiops.errors import AiopsError

TICK_S = 0.5
"""How often the loop looks even when nothing arrives: for what depends on time alone."""
BURST_S = 0.1
"""For how long messages are taken together before the next look."""
SHORTEST_S = 0.03
"""Of either, in this machine's seconds: a look costs the same work however fast the platform's clock runs."""

Message = object
Inbox = SimpleQueue[Message]
End = TypeVar("End")


@dataclass(frozen=True)
class Moment:
    """Where a wait stands: seconds since it began, its limit, and whether that is reached."""

    elapsed_s: float
    limit_s: float

    @property
    def over(self) -> bool:
        """The deadline is there: this look is the last."""
        return self.elapsed_s >= self.limit_s


def until(
    inbox: Inbox, take: Callable[[Message], None], look: Callable[[Moment], End | None], *, limit_s: float
) -> End:
    """Take what arrives and look, until a look gives an end. At `Moment.over` a look must give one."""
    began = clock.monotonic()
    while True:
        moment = Moment(clock.monotonic() - began, limit_s)
        end = look(moment)
        if end is not None:
            return end
        _drain(inbox, take, max(0.0, min(TICK_S, limit_s - moment.elapsed_s)))


def _drain(inbox: Inbox, take: Callable[[Message], None], patience_s: float) -> None:
    """Wait for a message, then take what comes with it: changes come in bursts, and a look judges everything."""
    try:
        take(inbox.get(timeout=_real(patience_s)))
        burst_ends = time.monotonic() + _real(BURST_S)
        while True:
            take(inbox.get(timeout=max(0.0, burst_ends - time.monotonic())))
    except Empty:
        return


def _real(seconds: float) -> float:
    return max(clock.real(seconds), min(seconds, SHORTEST_S))


@dataclass(frozen=True)
class Answer:
    """What came of a question: a value, or why there is none."""

    topic: str
    value: Any = None
    error: AiopsError | None = None
    bug: BaseException | None = None


class Questions:
    """Reads that run beside the loop, one at a time for each topic; the answer arrives in the inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._open: dict[str, float] = {}
        self._answered: dict[str, float] = {}
        self._known_at: dict[str, float] = {}
        self._took: dict[str, float] = {}

    def ask(self, topic: str, read: Callable[[], object], *, every_s: float) -> None:
        """Start the read unless one on this topic is under way or was answered less than `every_s` ago; a slow read
        less often still, so that it takes a quarter of the time at most. 0 asks at once."""
        last = self._answered.get(topic)
        pause_s = max(every_s, 3 * self._took.get(topic, 0.0)) if every_s else 0.0
        if topic in self._open or (last is not None and clock.monotonic() - last < pause_s):
            return
        self._open[topic] = clock.monotonic()
        threading.Thread(target=self._run, args=(topic, read), daemon=True).start()

    def known_since(self, topic: str, moment: float) -> bool:
        """The last answer on this topic is of a read that began after a moment of `clock.monotonic`."""
        return self._known_at.get(topic, 0.0) > moment

    def close(self, answer: Answer) -> None:
        """Take note of an answer; a bug in the read is raised here, in the main thread."""
        asked = self._open.pop(answer.topic)
        if answer.error is None:
            self._known_at[answer.topic] = asked
        self._answered[answer.topic] = clock.monotonic()
        self._took[answer.topic] = clock.monotonic() - asked
        if answer.bug is not None:
            raise answer.bug

    def _run(self, topic: str, read: Callable[[], object]) -> None:
        try:
            self._inbox.put(Answer(topic, value=read()))
        except AiopsError as error:
            self._inbox.put(Answer(topic, error=error))
        except BaseException as bug:  # noqa: BLE001 - raised in the main thread by `close`
            self._inbox.put(Answer(topic, bug=bug))

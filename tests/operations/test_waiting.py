"""The waiting loop and its questions: order, deadline, and what becomes of an answer, an error and a bug."""

import threading
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from typing import NoReturn

import pytest

from aiops import clock
from aiops.errors import Unreachable
from aiops.operations.waiting import Answer, Inbox, Message, Moment, Questions, until

LONG_S = 60.0


@pytest.fixture
def inbox() -> Inbox:
    return SimpleQueue()


@pytest.fixture
def questions(inbox: Inbox) -> Questions:
    return Questions(inbox)


def answer(inbox: Inbox) -> Answer:
    found = inbox.get(timeout=LONG_S)
    assert isinstance(found, Answer)
    return found


def test_everything_that_arrived_is_taken_before_the_next_look(inbox: Inbox) -> None:
    taken: list[Message] = []
    looks: list[int] = []

    def look(_: Moment) -> str | None:
        looks.append(len(taken))
        return "end" if len(taken) == 3 else None

    for number in range(3):
        inbox.put(number)
    assert until(inbox, taken.append, look, limit_s=LONG_S) == "end"
    assert (taken, looks) == ([0, 1, 2], [0, 3])


def test_an_end_needs_nothing_to_arrive(inbox: Inbox) -> None:
    assert until(inbox, list[Message]().append, lambda moment: "end", limit_s=LONG_S) == "end"


@pytest.mark.parametrize("limit_s", [0.0, 0.05])
def test_the_last_look_is_at_the_deadline(inbox: Inbox, limit_s: float) -> None:
    moments: list[Moment] = []

    def look(moment: Moment) -> str | None:
        moments.append(moment)
        return "over" if moment.over else None

    assert until(inbox, list[Message]().append, look, limit_s=limit_s) == "over"
    assert moments[-1].elapsed_s >= limit_s
    assert [moment.over for moment in moments[:-1]] == [False] * (len(moments) - 1)


def test_what_taking_raises_ends_the_loop(inbox: Inbox) -> None:
    def take(_: Message) -> None:
        raise Unreachable("gone")

    inbox.put("message")
    with pytest.raises(Unreachable):
        until(inbox, take, lambda moment: None, limit_s=LONG_S)


def test_one_question_per_topic_at_a_time(inbox: Inbox, questions: Questions) -> None:
    go, asked = threading.Event(), []

    def read() -> str:
        asked.append("asked")
        go.wait(LONG_S)
        return "value"

    for _ in range(3):
        questions.ask("topic", read, every_s=0.0)
    questions.ask("other", lambda: "other", every_s=0.0)
    assert answer(inbox) == Answer("other", value="other")
    go.set()
    questions.close(answer(inbox))
    assert asked == ["asked"]
    questions.ask("topic", read, every_s=0.0)
    assert answer(inbox).value == "value"


def test_a_question_is_not_repeated_too_soon(inbox: Inbox, questions: Questions) -> None:
    questions.ask("topic", lambda: 1, every_s=LONG_S)
    questions.close(answer(inbox))
    questions.ask("topic", lambda: 2, every_s=LONG_S)
    assert inbox.empty()
    questions.ask("topic", lambda: 3, every_s=0.0)
    assert answer(inbox).value == 3


def test_an_error_is_an_answer(inbox: Inbox, questions: Questions) -> None:
    error = Unreachable("nobody there")

    def read() -> str:
        raise error

    questions.ask("topic", read, every_s=0.0)
    found = answer(inbox)
    questions.close(found)
    assert found == Answer("topic", error=error)


@pytest.mark.parametrize("bug", [KeyError("x"), SystemExit(1)])
def test_a_bug_in_a_read_is_raised_in_the_main_thread(inbox: Inbox, questions: Questions, bug: BaseException) -> None:
    def read() -> str:
        raise bug

    questions.ask("topic", read, every_s=0.0)
    found = answer(inbox)
    assert found.bug is bug
    with pytest.raises(type(bug)):
        questions.close(found)


def test_what_is_known_is_as_old_as_the_beginning_of_its_read(inbox: Inbox, questions: Questions) -> None:
    """Not as its answer: what changed while it was being read may be missing in it."""
    began, go = threading.Event(), threading.Event()

    def read() -> None:
        began.set()
        go.wait(LONG_S)

    before = clock.monotonic()
    assert not questions.known_since("topic", before)
    questions.ask("topic", read, every_s=0.0)
    began.wait(LONG_S)
    meanwhile = clock.monotonic()
    assert not questions.known_since("topic", before)
    go.set()
    questions.close(answer(inbox))
    assert questions.known_since("topic", before)
    assert not questions.known_since("topic", meanwhile)


@pytest.mark.parametrize(("speed", "patience_s"), [(1.0, 0.5), (5.0, 0.1), (500.0, 0.03)])
def test_on_a_faster_clock_it_looks_more_often_but_not_without_end(speed: float, patience_s: float) -> None:
    waited: list[float] = []

    class Silent(SimpleQueue[Message]):
        def get(self, block: bool = True, timeout: float | None = None) -> NoReturn:
            waited.append(timeout or 0.0)
            raise Empty

    clock.follow(clock.Pace(began=datetime.now(UTC), speed=speed))
    try:
        until(Silent(), list[Message]().append, lambda _: "end" if waited else None, limit_s=LONG_S)
    finally:
        clock.follow(clock.OURS)
    assert waited == [patience_s]

"""A streamed answer: how soon it began, how fast it went, and whether it came to its end."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from aiops.judge.answers.chat import counted, judge_model, judge_text, part, thought_of, uncounted
from aiops.judge.answers.refusal import judge_refusal, refused
from aiops.judge.answers.reply import Asked, verdict
from aiops.judge.answers.said import Said, clean, json_of, quoted, said_in
from aiops.judge.finding import Finding
from aiops.snapshot import Json

SERVER_ERROR = 500
"""Taken for an error in the midst of a stream that has no code of its own: its 200 was sent long ago."""

AT_ONCE_S = 0.005
"""Tokens that came within so few seconds came in one piece, which tells nothing of a speed."""


@dataclass(frozen=True)
class Stream:
    """What a streamed answer measured."""

    first_token_s: float | None
    """From the request until the first text; None: there was none."""
    tokens: int
    """Generated, as the server counts; where it does not, chunks with text."""
    tokens_per_second: float | None
    """After the first; None where all came at once, or too few."""
    text: str


@dataclass(frozen=True)
class _Whole:
    """Answered in one piece, to a question for a stream."""

    body: bytes
    seconds: float
    status: int = 200
    content_type: str = ""
    retry_after: str = ""


@dataclass
class _Seen:
    texts: list[str] = field(default_factory=list)
    thoughts: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    """When text came, thought or said."""
    last: float = 0.0
    """When the last token came: text, or the end, which is a token too."""
    model: object = None
    end: str = ""
    usage: object = None
    done: bool = False
    error: Said | None = None
    garbage: bytes | None = None
    """The first chunk that is no JSON object."""

    def take(self, at: float, chunk: Json) -> None:
        if chunk.get("error"):
            self.error = self.error or said_in(chunk)
        self.model = self.model or chunk.get("model")
        self.usage = chunk.get("usage") or self.usage
        choices = chunk.get("choices")
        for choice in choices if isinstance(choices, list) else ():  # none in the chunk that has the usage
            if isinstance(choice, dict):
                self._take_choice(at, choice)

    def _take_choice(self, at: float, choice: Json) -> None:
        end, delta = choice.get("finish_reason"), part(choice, "delta")
        self.end = str(end or self.end)
        text, thought = delta.get("content") or choice.get("text") or "", thought_of(delta)
        self.texts.append(str(text))
        self.thoughts.append(thought)
        if text or thought:
            self.times.append(at)
        if text or thought or end:
            self.last = at


def judge_stream(asked: Asked, lines: Sequence[tuple[float, bytes]], *, broken: str = "") -> tuple[Finding, Stream]:
    """The lines of a 200 with their arrival, in seconds since the request.

    `broken`: how the connection ended where it did not end as it should.
    """
    seen = _read(lines)
    stream = _measure(seen)
    return _judge(asked, lines, seen, stream, broken), stream


def _read(lines: Sequence[tuple[float, bytes]]) -> _Seen:
    seen = _Seen()
    for at, data in _data(lines):
        if data == b"[DONE]":
            seen.done = True
            break
        chunk = json_of(data)
        if chunk is None:
            seen.garbage = seen.garbage or data
        else:
            seen.take(at, chunk)
    return seen


def _data(lines: Sequence[tuple[float, bytes]]) -> Iterator[tuple[float, bytes]]:
    """Without comments, other fields and empty lines (WHATWG server-sent events)."""
    for at, line in lines:
        if line.startswith(b"data:"):
            yield at, line.removeprefix(b"data:").strip()


def _measure(seen: _Seen) -> Stream:
    times, tokens = seen.times, counted(seen.usage, "completion_tokens") or len(seen.times)
    took = seen.last - times[0] if times else 0.0
    speed = (tokens - 1) / took if took > AT_ONCE_S and tokens > 1 else None
    return Stream(times[0] if times else None, tokens, speed, "".join(seen.texts))


def _judge(asked: Asked, lines: Sequence[tuple[float, bytes]], seen: _Seen, stream: Stream, broken: str) -> Finding:
    if seen.error:
        # vLLM sends [DONE] after an error too
        return refused(asked, seen.error.code or SERVER_ERROR, seen.error)
    if lines and not any(line.startswith(b"data:") for _, line in lines) and not broken:
        return judge_refusal(asked, _Whole(b"\n".join(line for _, line in lines), lines[-1][0]))
    if not seen.done or seen.garbage:
        return _broken(asked, lines, seen, stream, broken)
    if bad := judge_text(asked, stream.text, "".join(seen.thoughts), seen.end) or judge_model(asked, seen.model):
        return bad
    return _fine(asked, seen, stream)


def _broken(asked: Asked, lines: Sequence[tuple[float, bytes]], seen: _Seen, stream: Stream, broken: str) -> Finding:
    far = f"{len(seen.times)} chunks of text in {lines[-1][0]:.1f} s" if lines else "nothing at all"
    symptom = f"broke off its stream after {far}"
    words = clean(broken or (seen.garbage or b"").decode(errors="replace") or stream.text)
    cause = "a chunk is no JSON" if seen.garbage else "data: [DONE] never came: the server, or a proxy, cut it short"
    return verdict(asked, "fail", "stream-broken", symptom, cause=cause, fix=asked.logs, words=words)


def _fine(asked: Asked, seen: _Seen, stream: Stream) -> Finding:
    speed = f", {stream.tokens_per_second:.1f} tokens/s" if stream.tokens_per_second is not None else ""
    began = f"its first token after {stream.first_token_s or 0.0:.1f} s"
    if not counted(seen.usage, "completion_tokens"):
        return uncounted(asked, f"{began}, {stream.tokens} chunks{speed.replace('tokens', 'chunks')}")
    return verdict(asked, "ok", "stream", f"streams {quoted(stream.text)}: {began}, {stream.tokens} tokens{speed}")

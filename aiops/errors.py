"""Everything that can go wrong for an operator, as one tree; the exit code belongs to the class.

AiopsError
├── WrongUse            2  option, config, context: nothing was changed
│   ├── ConfigError        every problem of a config file at once
│   │   └── NoConfig          there is none to be found
│   ├── TreeError          the platform's files cannot be understood
│   └── TargetError        not provably the cluster the operator meant
├── Refused             3  the platform says no
│   └── ApiRefused         an API said no to one request (404, 409, 422, ...)
│       ├── NotFound  Conflict  Invalid
├── OutOfTime           4  it could still have succeeded
├── CannotTell          5  nobody answered, or would not say
│   ├── Unreachable        no connection, no answer in time, TLS
│   │   └── NoAnswer          of a server in a pod: refused, late, or broken off
│   ├── LoginFailed        401, or an exec plugin that gave no credential
│   └── Forbidden          403: verb and resource are named
└── Interrupted       130  Ctrl-C (143: SIGTERM)

Anything else that reaches the command line is a bug in aiops and keeps its traceback.
"""

from typing import Literal


class AiopsError(Exception):
    """What happened (who, what, where: one line) and what to do about it (one line)."""

    exit_code = 3

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class WrongUse(AiopsError):
    """An option, the config or the context is wrong; nothing was changed."""

    exit_code = 2


class ConfigError(WrongUse):
    """All problems of one config file; each line says `file:line: key: what is wrong`."""

    def __init__(self, message: str, problems: tuple[str, ...], hint: str = "") -> None:
        super().__init__("\n".join((message, *(f"  {problem}" for problem in problems))), hint)
        self.problems = problems


class NoConfig(ConfigError):
    """No config file is at any of the places where one is looked for; they are listed."""


class TreeError(WrongUse):
    """The platform's files are missing or cannot be understood; the file is named."""


class TargetError(WrongUse):
    """It is not certain that this is the cluster the operator means."""


class Refused(AiopsError):
    """The platform's state forbids it, or the platform said no."""

    exit_code = 3


class ApiRefused(Refused):
    """An API said no to one request; `status` is its HTTP status."""

    def __init__(self, message: str, hint: str = "", status: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status


class NotFound(ApiRefused):
    """404: the object, or its kind, is not there."""


class Conflict(ApiRefused):
    """409: somebody else changed or owns it; `causes` are the API's details as (field, message)."""

    def __init__(
        self, message: str, hint: str = "", status: int = 409, causes: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(message, hint, status)
        self.causes = causes


class Invalid(ApiRefused):
    """422 (or 400): the API does not accept what was sent."""


class OutOfTime(AiopsError):
    """The deadline came first; it could still have succeeded."""

    exit_code = 4


class CannotTell(AiopsError):
    """Nobody answered, or would not say: neither good nor bad."""

    exit_code = 5


class Unreachable(CannotTell):
    """No connection, no answer in time, or TLS refused; worth another try later."""


class NoAnswer(Unreachable):
    """A server in a pod gave no whole answer, although the Kubernetes API reached for it."""

    def __init__(self, message: str, hint: str = "", *, kind: Literal["refused", "late", "broken"]) -> None:
        super().__init__(message, hint)
        self.kind = kind
        """No connection; no end in time; an end before the answer's."""


class LoginFailed(CannotTell):
    """401, or a kubeconfig whose exec plugin gave no credential."""


class Forbidden(CannotTell):
    """403: the message names the verb and the resource."""

    def __init__(self, message: str, hint: str = "", *, right: str = "") -> None:
        super().__init__(message, hint)
        self.right = right
        """What may not be done, as `list nodes`."""


class Interrupted(AiopsError):
    """Ctrl-C (130) or SIGTERM (143); nothing is written after it."""

    def __init__(
        self, exit_code: int = 130, hint: str = "run the same command again: it goes on where things stand"
    ) -> None:
        super().__init__("interrupted", hint)
        self.exit_code = exit_code

"""The kubeconfig's login program: it ends by its deadline, as it never would by the kubernetes library."""

import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from aiops.clients.process import RUNNING, end, started

LATE_S = 3.0
"""After so long somebody wants to know what it waits for."""


@dataclass(frozen=True)
class Patience:
    """How long such a program may take, and who hears in the main thread that it takes long."""

    limit_s: float
    late: Callable[[], object] = lambda: None


def bound(login: Patience) -> None:
    """From now on the library waits no longer for such a program.

    kubernetes/config/exec_provider.py `run` calls Popen and `communicate` without an end; its `subprocess` is replaced,
    as it has no other way in.
    """
    from kubernetes.config import exec_provider

    def popen(*words: Any, **options: Any) -> _Program:  # noqa: ANN401 - those of Popen
        return started(lambda: _Program(login, *words, **options))

    exec_provider.subprocess = SimpleNamespace(PIPE=subprocess.PIPE, Popen=popen)


class _Program(subprocess.Popen[str]):
    """On a terminal (the library hands over its stdin) it stays there, to ask; else it leads a group of its own."""

    def __init__(self, login: Patience, *words: Any, **options: Any) -> None:  # noqa: ANN401 - those of Popen
        self._login = login
        super().__init__(*words, start_new_session=options.get("stdin") is None, **options)

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:
        """TimeoutError where it is late. However this ends, the program is over."""
        limit_s = timeout or self._login.limit_s
        with self:
            try:
                return self._printed(limit_s)
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"no answer in {limit_s:g} s") from None
            finally:
                end(self)
                RUNNING.discard(self)

    def _printed(self, limit_s: float) -> tuple[str, str]:
        try:
            return super().communicate(timeout=min(LATE_S, limit_s))
        except subprocess.TimeoutExpired:
            if limit_s <= LATE_S:
                raise
        if threading.current_thread() is threading.main_thread():  # no other may write on the screen
            self._login.late()
        return super().communicate(timeout=limit_s - LATE_S)

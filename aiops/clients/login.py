"""The kubeconfig's login program: it ends by its deadline, as it never would by the kubernetes library."""

import subprocess
from functools import partial
from types import SimpleNamespace
from typing import Any

from aiops.clients.process import RUNNING, end


def bound(limit_s: float) -> None:
    """From now on the library waits no longer than so many seconds for such a program.

    kubernetes/config/exec_provider.py `run` calls Popen and `communicate` without an end; its `subprocess` is replaced,
    as it has no other way in.
    """
    from kubernetes.config import exec_provider

    exec_provider.subprocess = SimpleNamespace(PIPE=subprocess.PIPE, Popen=partial(_Program, limit_s))


class _Program(subprocess.Popen[str]):
    """On a terminal (the library hands over its stdin) it stays there, to ask; else it leads a group of its own."""

    def __init__(self, limit_s: float, *words: Any, **options: Any) -> None:  # noqa: ANN401 - those of Popen
        self._limit_s, self._leads = limit_s, options.get("stdin") is None
        super().__init__(*words, start_new_session=self._leads, **options)
        if self._leads:
            RUNNING.add(self)

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:
        """TimeoutError where it is late. However this ends, the program is over."""
        with self:
            try:
                return super().communicate(input, timeout or self._limit_s)
            except subprocess.TimeoutExpired:
                raise TimeoutError(f"no answer in {self._limit_s:g} s") from None
            finally:
                end(self) if self._leads else self.kill()
                RUNNING.discard(self)

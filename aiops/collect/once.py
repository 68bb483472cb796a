"""An answer that several reads rest on, asked for once."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Once(Generic[Value]):
    """Thread-safe: the first caller asks, the others wait for its answer, or get the same error."""

    def __init__(self, read: Callable[[], Value]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._value: Value | None = None
        self._error: BaseException | None = None
        self._asked = False

    def __call__(self) -> Value:
        """The answer."""
        with self._lock:
            if not self._asked:
                self._asked = True
                try:
                    self._value = self._read()
                except BaseException as error:  # noqa: BLE001 - whoever asks gets the same end
                    self._error = error
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # asked, and no error: it is there

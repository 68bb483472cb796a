"""What can be wrong in the lab: faults that are switched on and off."""

from collections.abc import Callable


class Faults:
    """Which are on."""

    def __init__(self) -> None:
        self._on: set[str] = set()
        self.listeners: list[Callable[[str, bool], None]] = []
        """Told of each change."""

    def on(self, slug: str) -> bool:
        """Whether it is."""
        return slug in self._on

    def switch(self, slug: str, on: bool) -> None:
        """On, or off again."""
        if on == self.on(slug):
            return
        (self._on.add if on else self._on.discard)(slug)
        for listener in self.listeners:
            listener(slug, on)

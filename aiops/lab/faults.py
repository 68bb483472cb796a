"""What can be wrong in the lab: faults that are switched on and off. The table of them is in aiops/lab/provoked.

Those with a name here are played by who simulates what they are about, and asks whether they are on.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

IMAGE_PULL = "image-pull"
"""The image of every pod that asks for a GPU is nowhere."""
MODEL_OOM = "model-oom"
"""The container of every pod that asks for a GPU is killed for its memory, again and again."""
GPU_CAPACITY = "gpu-capacity"
"""No group of GPU nodes may grow."""
GPU_QUOTA = "gpu-quota"
"""The cloud grants no GPU: a scale-up fails, and the autoscaler pauses."""
NODE_NEVER_JOINS = "node-never-joins"
"""A node is ordered and paid for, and its kubelet never says a word."""
WRONG_KEY = "wrong-key"
"""A model server runs with another key than its Secret holds."""
MODEL_FAILS = "model-fails"
"""Whatever a model server is to generate, it answers with an error."""
MODEL_HANGS = "model-hangs"
"""A server in a pod does not answer to what it is asked."""
TOOL_CALLS_IN_TEXT = "tool-calls-in-text"
"""Where a model may call a tool, its server leaves the call in the text."""


class Faults:
    """Which are on."""

    def __init__(self) -> None:
        self._on: set[str] = set()
        self.listeners: list[Callable[[str, bool], None]] = []
        """Told of each change."""
        self.playing: dict[str, AbstractContextManager[None]] = {}
        """Of those that are on, what puts back what they changed."""

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

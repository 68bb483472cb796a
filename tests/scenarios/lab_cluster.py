"""The lab, in a thread of this process, at the speed of this machine's clock."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from aiops.lab.clock import parse
from aiops.lab.cluster import Pace
from aiops.lab.controllers import State
from aiops.lab.lab import Lab
from tests.scenarios.cluster import Cluster
from tests.scenarios.process import Forked, Forks, Process

PACE = Pace(
    node_joins_s=1.0,
    node_ready_s=0.0,
    gpu_ready_s=0.0,
    node_idle_s=2.0,
    node_leaves_s=0.0,
    image_s=0.0,
    start_s=0.0,
    stop_s=0.5,
    git_s=180.0,
)
"""Of what takes minutes in the world, so much that a scenario can see it."""


class LabCluster(Cluster):
    """A second to start."""

    context = "aiops-lab"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._lab: Lab | None = None
        self._asked: list[str] = []
        self._forks = Forks()

    @property
    def lab(self) -> Lab:
        """The one that runs."""
        assert self._lab is not None
        return self._lab

    def start(self) -> dict[str, str]:
        """Another lab."""
        self.down()
        folder = self.home / "state"
        shutil.rmtree(folder, ignore_errors=True)
        self._lab = Lab(folder, pace=PACE, context=self.context)
        self._lab.start()
        return {**self._lab.environ(), "REALSTACK_VIEWER_KUBECONFIG": str(self._lab.viewer_kubeconfig)}

    def down(self) -> None:
        """It is forgotten."""
        if self._lab is not None:
            self._asked += self._lab.unserved
            self._lab.stop()
            self._lab = None

    def close(self) -> None:
        """For good."""
        self.down()
        self._forks.close()

    @contextmanager
    def _as(self, part: str, state: State) -> Iterator[None]:
        parts = self.lab.cluster.parts
        self.lab.call(lambda: parts.set(part, state))
        try:
            yield
        finally:
            self.lab.call(lambda: parts.set(part, "up"))

    def stalled(self, part: str) -> AbstractContextManager[None]:
        """By the lab's own switch."""
        return self._as(part, "stalled")

    def crashed(self, part: str) -> AbstractContextManager[None]:
        """By the lab's own switch."""
        return self._as(part, "down")

    def until_old(self, kind: str, name: str, namespace: str, seconds: float) -> None:
        """In the lab, when an object was created can be written."""
        cluster = self.lab.cluster

        def age() -> None:
            found = next(each for each in cluster.kinds if each.singular == kind)
            body = cluster.objects.get(found.resource, name, namespace if found.namespaced else "")
            if (cluster.clock.now() - parse(body["metadata"]["creationTimestamp"])).total_seconds() <= seconds:
                created = cluster.clock.stamp(seconds + 1)
                meta = {**body["metadata"], "creationTimestamp": created}
                cluster.store.put(found.resource, {**body, "metadata": meta})

        self.lab.call(age)

    def unserved(self) -> list[str]:
        """What the lab answered with 501."""
        return [*self._asked, *(self._lab.unserved if self._lab else ())]

    def run(self, words: tuple[str, ...], folder: Path, environ: Mapping[str, str], out: Path | None) -> Process:
        """Forked, as there are many."""
        return Forked(self._forks, words, folder, environ, out)

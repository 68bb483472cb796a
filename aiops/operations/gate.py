"""The GPU gate of a bring-up: a model up at the first stage that serves, a smoke at each, and down at the end.

It lowers only what a bring-up raised: a model of somebody else is smoked and left up.
"""

from collections.abc import Callable, Iterator
from functools import partial

from aiops.config.tables import GATEWAY, SERVING
from aiops.errors import AiopsError, Refused
from aiops.operations.gpus import look_at_gpus
from aiops.operations.models import Found, chosen_application, live_model
from aiops.operations.smoke import smoke
from aiops.operations.sync import sync
from aiops.operations.vllm_down import switch_off
from aiops.operations.vllm_up import BRING_UP, bring_model_up, give_back
from aiops.progress.events import Result
from aiops.session import Session

Step = tuple[str, Callable[[], Result]]


class Gate:
    """One model for the whole bring-up, chosen before anything is written."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.application = chosen_application(session, None)
        self._planned = False
        self.found: Found | None = None
        self.owned = False
        """This run answers for it: it raised it, or took it over from a bring-up that was killed."""

    def steps(self, stage: str) -> Iterator[Step]:
        """What belongs to a stage, after its `wait`; nothing before the serving layer is there."""
        layers = self.session.layers(stage)
        if SERVING not in layers:
            return
        if not self._planned:
            self._planned = True
            yield f"{stage}: sync {self.application}", self._sync
            yield f"{stage}: vllm-up {self.application}", self._up
        name = None if GATEWAY in layers else self.application
        yield f"{stage}: smoke", partial(smoke, self.session, stage, name, tools=False)

    def down(self) -> Result:
        """Back to zero, confirmed, until its node has left."""
        found = self.found
        if found is None:
            return Result(summary="nothing was raised")
        try:
            gpus = look_at_gpus(self.session.kube)
        except AiopsError:  # what cannot be seen can still be lowered
            self.abandon()
            raise
        live = gpus.deployment(found.model.namespace, found.model.name)
        return switch_off(self.session, gpus, [live] if live else [], run=self.session.run)

    def abandon(self) -> None:
        """Scale back, without a look and without a wait."""
        if self.owned and self.found is not None:
            give_back(self.session, self.found)

    def _sync(self) -> Result:
        """Deploys it; a model that runs is left as it is, because a sync may restart it."""
        try:
            if (found := live_model(self.session, self.application)).model.replicas:
                return Result(summary=f"not synced: {found} is up")
        except Refused:
            pass  # never synced: that is what this stage is for
        return sync(self.session, [self.application], limit_s=self.session.config.aiops.timeouts.sync, gpu=False)

    def _up(self) -> Result:
        self.found = live_model(self.session, self.application)
        result = bring_model_up(self.session, self.found, BRING_UP, limit_s=None)
        self.owned = result.raised and not result.lowered
        return result

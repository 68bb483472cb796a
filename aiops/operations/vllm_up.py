"""`vllm-up`: a GPU model on, and the wait until it serves. What does not come up is not paid for."""

from collections.abc import Mapping
from dataclasses import replace

from aiops.errors import AiopsError
from aiops.judge.raised import still_raised, who_scaled
from aiops.operations import paying
from aiops.operations.before import look_before, refuse
from aiops.operations.gpu_guard import price
from aiops.operations.models import Found, chosen_application, live_model
from aiops.operations.raising import Raising
from aiops.operations.scale import Down, lower, mark, set_replicas
from aiops.operations.target import prove_target
from aiops.progress.events import Said
from aiops.progress.results import ModelUp
from aiops.session import Session

BRING_UP, VLLM_UP = "bring-up", "vllm-up"
"""Who raises a model: the one gives it back, the other leaves it to its user."""
WAYS_BACK: Mapping[Down, str] = {
    "lowered": "scaled back to 0",
    "down": "it is at 0",
    "not ours": "somebody else took it over, and it was left as it is",
}


def vllm_up(session: Session, name: str | None, *, keep: bool, anyway: bool, limit_s: float | None) -> ModelUp:
    """Scale a model up and wait until it serves; `limit_s` None: node, image and its own startupProbe's budget.

    On failure and at the deadline it scales back what this run raised, unless `keep`. Refused before anything is
    written where it could not stay up, or could not be proven.
    """
    prove_target(session)
    found = live_model(session, chosen_application(session, name))
    return bring_model_up(session, found, VLLM_UP, keep=keep, anyway=anyway, limit_s=limit_s)


def bring_model_up(
    session: Session, found: Found, command: str, *, keep: bool = False, anyway: bool = False, limit_s: float | None
) -> ModelUp:
    """The model up for this run, or for whoever raised it before; its wait, and its way back where it fails."""
    ours, raise_it = True, not found.model.replicas
    if raise_it:
        refuse(found, look_before(session, found), anyway=anyway)
    try:
        paying.keep(session, str(found), None, f"aiops vllm-down {found.name}")
        if raise_it:
            found = _raised(session, found, command)
        else:
            found, ours = _taken_over(session, found, command)
        result = Raising(session, found).run(limit_s or default_limit_s(session, found))
    except Exception:  # a bug too must not leave a GPU running; Ctrl-C is none of these, and writes nothing
        if ours and not keep:
            session.report(Said(text=f"{found}: {_way_back(session, found)[1]}", level="warn"))
        raise
    if not result.exit_code or not ours:
        return replace(result, raised=ours)
    if keep:
        return replace(result, raised=True, summary=f"{result.summary}; left up, as --keep asks")
    down, words = _way_back(session, found)
    return replace(result, raised=True, lowered=down, summary=f"{result.summary}; {words}")


def default_limit_s(session: Session, found: Found) -> float:
    """A node, its image, and what the model's own startupProbe allows."""
    timeouts = session.config.aiops.timeouts
    return timeouts.node + timeouts.image + found.model.startup_s


def give_back(session: Session, found: Found) -> Down:
    """Scale down what this run raised, unless it is up for somebody else now. Raises where it still runs."""
    outcome = lower(session.kube, found.model.namespace, found.model.name, session.run)
    if outcome != "not ours":
        paying.stopped(session, str(found))
    return outcome


def _way_back(session: Session, found: Found) -> tuple[bool, str]:
    """Whether it is down now, and in words; what failed before is the error to tell."""
    try:
        outcome = give_back(session, found)
    except AiopsError as error:
        return False, f"it could NOT be scaled back and may cost money: {error.message}"
    return outcome != "not ours", WAYS_BACK[outcome]


def _raised(session: Session, found: Found, command: str) -> Found:
    deployment = set_replicas(session.kube, found.deployment, 1, mark(session, command))
    session.report(
        Said(text=f"{found}: scaled from 0 to 1; {price(session.config.aiops.prices, {found.model.accelerator})}")
    )
    return replace(found, deployment=deployment)


def _taken_over(session: Session, found: Found, command: str) -> tuple[Found, bool]:
    """It is up already: whose is it from now on? This run's (True) where a bring-up raised it and did not lower it."""
    raised = still_raised(found.deployment)
    up = f"{found} is up already ({found.model.replicas} replica{'s' if found.model.replicas > 1 else ''})"
    if raised is not None and raised.by_bring_up:
        ours = replace(mark(session, command), at=raised.at)  # its node came for it then
        deployment = set_replicas(session.kube, found.deployment, found.model.replicas, ours)
        whose = "this run takes it over" + (" and lowers it at its end" if command == BRING_UP else "")
        session.report(Said(text=f"{up}, raised by {raised} and never lowered: {whose}"))
        return replace(found, deployment=deployment), True
    session.report(Said(text=f"{up}, raised by {raised or _nobody(found)}: left to them"))
    return found, False


def _nobody(found: Found) -> str:
    return f"{who_scaled(found.deployment) or 'somebody'}, not by aiops"

"""`smoke`: authenticated calls to what a profile serves, and nothing else that could pass for them."""

from collections import Counter
from collections.abc import Sequence

from aiops.config.tables import GATEWAY, SERVING
from aiops.errors import WrongUse
from aiops.operations.models import chosen_application, live_model
from aiops.operations.smoke_gateway import smoke_gateway
from aiops.operations.smoke_model import smoke_model
from aiops.operations.target import prove_target
from aiops.progress.events import Probe, Smoked
from aiops.session import Session


def smoke(session: Session, profile: str, name: str | None, *, tools: bool) -> Smoked:
    """Through LiteLLM where the profile has its layer and no model is named; else the model by its own server.

    Never wakes a GPU, and never says ok of something that it did not call.
    """
    layers = session.layers(profile)
    if name is None and not {SERVING, GATEWAY} & set(layers):
        serving = [each for each, inside in session.profiles().items() if SERVING in inside]
        raise WrongUse(f"profile {profile} serves no model", f"profiles that do: {', '.join(serving)}")
    prove_target(session)
    if name is None and GATEWAY in layers:
        probes = smoke_gateway(session, layers, tools=tools)
    else:
        probes = smoke_model(session, live_model(session, chosen_application(session, name)), tools=tools)
    return smoked(profile, probes)


def smoked(profile: str, probes: Sequence[Probe]) -> Smoked:
    """The result: a no where anything failed, and where nothing was called at all."""
    failed = [probe for probe in probes if probe.status == "fail"]
    unknown = [probe for probe in probes if probe.status == "unknown"]
    counts = Counter(probe.status for probe in probes)
    code, hint = 0, ""
    if failed:
        first = failed[0]
        because = f" ({first.cause})" if first.cause else ""
        summary, hint, code = f"smoke failed: {first.target}: {first.what}: {first.said}{because}", first.fix, 3
    elif unknown or not counts["ok"] + counts["warn"]:
        summary, code = f"could not tell: {unknown[0].said if unknown else 'nothing was called'}", 5
    else:
        skipped = f", {counts['skip']} not called" if counts["skip"] else ""
        summary = f"{counts['ok'] + counts['warn']} answers as they should be{skipped}"
    return Smoked(
        summary=summary, hint=hint, exit_code=code, warnings=counts["warn"], profile=profile, probes=tuple(probes)
    )

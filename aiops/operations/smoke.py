"""`smoke`: the checks of a profile, and authenticated calls to what it serves: nothing else could pass for them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from aiops.config.tables import GATEWAY, SERVING
from aiops.errors import WrongUse
from aiops.operations.models import chosen_application, live_model
from aiops.operations.smoke_gateway import smoke_gateway
from aiops.operations.smoke_model import smoke_model
from aiops.operations.stage_checks import check_profile
from aiops.operations.target import prove_target
from aiops.progress.results import Probe, Smoked
from aiops.session import Session


def smoke_profile(session: Session, profile: str, *, tools: bool) -> Smoked:
    """Everything that doctor asks of the profile, then the calls. A failed check keeps no call from being made."""
    prove_target(session)
    checks = check_profile(session, profile)
    if {SERVING, GATEWAY} & set(session.layers(profile)):
        called = smoke(session, profile, None, tools=tools)
    else:
        called = Smoked(summary="it serves no model", profile=profile, probes=())
    summary = f"{called.summary}; {checks.summary}" if called.exit_code or not checks.exit_code else checks.summary
    return replace(
        called,
        summary=summary,
        hint=called.hint or checks.hint,
        exit_code=called.exit_code if called.exit_code == 3 else checks.exit_code or called.exit_code,
        warnings=called.warnings + checks.warnings,
        checks=tuple(check for check in checks.checks if check.status not in ("ok", "skip")),
    )


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

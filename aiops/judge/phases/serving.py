"""Phase 7: its pod is Ready. Does its own server say that it serves this model?"""

from aiops.judge.finding import Evidence
from aiops.judge.model import Model
from aiops.judge.phases.stand import Stand, hopeless, waits
from aiops.snapshot import Served

_LATER = (0, 408, 425, 429)
"""Statuses that pass, besides those of a server that is not there yet (5xx)."""


def serving(model: Model, served: Served | None) -> Stand:
    """By the list of models alone: Ready and /health say nothing of the model (gateway-api-inference-extension#550)."""
    if served is None:
        return waits("serving", "its pod is Ready; its server has not been asked yet")
    said = Evidence("its server", served.problem or f"serves {', '.join(served.models)}")
    if served.status in (401, 403):
        return _refused(model, said)
    if served.status in _LATER or served.status >= 500:
        return waits("serving", f"its pod is Ready; its server does not answer: {served.problem}".rstrip(": "), said)
    if served.status != 200 or not served.models:
        detail = f"what answers on port {model.port} is no server of a model: {served.problem or served.status}"
        fix = f"Set aiops.models.{model.name}.port in the config to the port of the model's server."
        return hopeless("serving", "wrong-server", detail, fix, said)
    if model.served and model.served not in served.models:
        return _other_name(model, served, said)
    return Stand(phase="serving", done=True, detail=f"serves {model.served or served.models[0]}", evidence=(said,))


def _refused(model: Model, said: Evidence) -> Stand:
    if model.key is None:
        detail = "its server demands a key, and the Deployment does not say which"
        fix = f"Set aiops.models.{model.name}.secret and .key in the config to where its key is."
    else:
        detail = f"its server refuses the key of Secret {model.key.secret}: its pod started with another one"
        fix = f"kubectl -n {model.namespace} rollout restart deployment {model.name}"
    return hopeless("serving", "unauthorized", detail, fix, said)


def _other_name(model: Model, served: Served, said: Evidence) -> Stand:
    names = ", ".join(served.models)
    fix = f"Set --served-model-name in the Deployment, or aiops.models.{model.name}.name in the config."
    return hopeless("serving", "name-mismatch", f"it serves {names}, not {model.served}", fix, said)

"""`pause` and `resume`: KServe's idle pause of InferenceServices, with proof that their pods went or came.

The annotation `serving.kserve.io/stop: "true"` makes KServe delete the predictor's Deployment; Argo CD then calls its
application Suspended (argo-cd resource_customizations/serving.kserve.io; seen on 3.5.7).
"""

from collections.abc import Sequence

from aiops.clients.kube import Kind
from aiops.errors import NotFound, Refused, WrongUse
from aiops.gitops.document import document
from aiops.gitops.models import GpuWorkload, gpu_workloads
from aiops.operations import paying
from aiops.operations.gpu_guard import price
from aiops.operations.models import live_application
from aiops.operations.stopping import STOP, Outcome, Stopping, is_stopped
from aiops.operations.target import prove_target
from aiops.progress.events import Said
from aiops.progress.results import Lowered, ModelDown, ModelUp
from aiops.session import Session
from aiops.snapshot import Json


def pause(session: Session, name: str, *, limit_s: float | None) -> ModelDown:
    """Stop the InferenceServices that a name means, and see their pods go."""
    prove_target(session)
    kind, services = find_services(session, name)
    for each in services:
        if not is_stopped(each):
            _annotate(session, kind, each, "true")
    outcome = Stopping(session, kind, services, up=False).run(limit_s or session.config.aiops.timeouts.drain)
    models = tuple(
        Lowered(name=_who(each), action="was down", detail="paused already")
        if is_stopped(each)
        else Lowered(name=_who(each), action="lowered", detail="paused")
        for each in services
    )
    done = f"{name} is paused: no pod of it is left"
    summary, hint = _summary(outcome, done, f"kubectl get pods -l {_label(services)} -A")
    return ModelDown(
        summary=summary, hint=hint, exit_code=outcome.exit_code,
        models=models, rows=outcome.rows, seconds=outcome.seconds,
    )  # fmt: skip


def resume(session: Session, name: str, *, limit_s: float | None) -> ModelUp:
    """Let the InferenceServices that a name means run again, and see their pods ready."""
    prove_target(session)
    kind, services = find_services(session, name)
    for each in services:
        _say_price(session, each)
        if is_stopped(each):
            _annotate(session, kind, each, None)
    outcome = Stopping(session, kind, services, up=True).run(limit_s or session.config.aiops.timeouts.wait)
    summary, hint = _summary(outcome, f"{name} is up after {outcome.seconds:.0f} s", f"aiops pause {name}")
    return ModelUp(
        summary=summary, hint=hint if outcome.exit_code else "", exit_code=outcome.exit_code,
        model=name, rows=outcome.rows, raised=any(map(is_stopped, services)), seconds=outcome.seconds,
    )  # fmt: skip


def find_services(session: Session, name: str) -> tuple[Kind, tuple[Json, ...]]:
    """The InferenceServices of an application, or the one of that name, as `name` or `namespace/name`."""
    kind = session.kube.kinds().find("serving.kserve.io", "InferenceService")
    if kind is None:
        raise Refused("KServe is not on this cluster: it knows no InferenceService", "aiops root --profile serving")
    everywhere = session.kube.list(kind).items
    matching = tuple(each for each in everywhere if name in (each["metadata"]["name"], _name(each)))
    if len(matching) == 1:
        return kind, matching
    if matching:
        names = ", ".join(map(_name, matching))
        raise WrongUse(f"several InferenceServices are called {name}: {names}", "name one as NAMESPACE/NAME")
    app = live_application(session, name)
    refs = [each for each in app.get("status", {}).get("resources") or () if each["kind"] == kind.kind]
    found = tuple(each for each in everywhere if any(_is(each, ref) for ref in refs))
    if not refs:
        raise WrongUse(f"application {name} has no InferenceService", "`aiops vllm-down` switches a Deployment off")
    if not found:
        raise Refused(f"{name} was never synced: its InferenceServices are not there", f"aiops sync {name}")
    return kind, found


def _annotate(session: Session, kind: Kind, service: Json, value: str | None) -> None:
    meta = service["metadata"]
    body = {"metadata": {"annotations": {STOP: value}}}
    try:
        session.kube.merge_patch(kind, meta["name"], meta["namespace"], body)
    except NotFound as error:
        raise Refused(f"{_who(service)} was deleted meanwhile", "look, then run it again") from error
    session.report(Said(text=f"{_who(service)}: {STOP} {'set to true' if value else 'taken away'}"))


def _say_price(session: Session, service: Json) -> None:
    """A GPU that comes up is said before, and kept for the last lines."""
    found = _gpus(service)
    if not found:
        return
    types = {each.accelerator for each in found}
    gpus = sum(each.gpus for each in found)
    session.report(Said(text=f"{_who(service)} asks for {gpus} GPU: {price(session.prices, types)}", level="warn"))
    paying.keep(session, _who(service), None, f"aiops pause {_name(service)}")


def _gpus(service: Json) -> tuple[GpuWorkload, ...]:
    return gpu_workloads([document(service, _who(service))])


def _summary(outcome: Outcome, done: str, fix: str) -> tuple[str, str]:
    if not outcome.exit_code:
        return done, ""
    after = f"after {outcome.seconds:.0f} s " if outcome.exit_code == 4 else ""
    return f"{after}{outcome.open}", fix


def _is(service: Json, ref: Json) -> bool:
    meta = service["metadata"]
    return (meta["namespace"], meta["name"]) == (ref.get("namespace"), ref["name"])


def _name(service: Json) -> str:
    return f"{service['metadata']['namespace']}/{service['metadata']['name']}"


def _who(service: Json) -> str:
    return f"InferenceService {_name(service)}"


def _label(services: Sequence[Json]) -> str:
    names = ",".join(each["metadata"]["name"] for each in services)
    return f"'serving.kserve.io/inferenceservice in ({names})'"

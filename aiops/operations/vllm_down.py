"""`vllm-down`: GPU models back to zero, confirmed, and what their nodes still cost.

`--all` needs a kubeconfig and nothing else: no config, no tree, no git, no Argo CD.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from aiops.config.model import Timeouts
from aiops.errors import AiopsError, Refused
from aiops.judge.bill import is_gpu_node
from aiops.judge.finding import Finding
from aiops.judge.keda import keda_undoes
from aiops.judge.model import asks_for_gpu
from aiops.judge.raised import raised_of
from aiops.judge.stoppable import Running, running_models
from aiops.operations import paying
from aiops.operations.gpus import Gpus, look_at_gpus, users_of
from aiops.operations.lowering import GPU_NODES, MODELS, Ended, Lowering
from aiops.operations.models import chosen_application, live_application, live_deployments, no_gpu_hint
from aiops.operations.scale import lower
from aiops.operations.target import prove_target
from aiops.progress.events import Said
from aiops.progress.results import Lowered, ModelDown
from aiops.session import Session
from aiops.snapshot import Json, moment


def vllm_down(session: Session, name: str | None, *, limit_s: float | None) -> ModelDown:
    """Scale the GPU Deployments of an application to 0, whoever raised them, and see their pods and nodes go.

    It is down when its pods are gone; that its node still bills at the end of `limit_s` is a warning.
    """
    prove_target(session)
    application = chosen_application(session, name)
    app = live_application(session, application)
    deployments = [body for body in live_deployments(session, app)[0] if asks_for_gpu(body)]
    if not deployments:
        raise Refused(
            f"{application} has no Deployment on the cluster that asks for a GPU", no_gpu_hint(app, "pause", "off")
        )
    return switch_off(session, _look(session), deployments, (), limit_s)


def vllm_down_all(session: Session, *, limit_s: float | None) -> ModelDown:
    """Scale every GPU Deployment to 0 that Argo CD tracks or aiops raised, and name whatever else holds a GPU."""
    session.connect_without_config()
    kube = session.kube
    session.target = f"context {kube.context} ({kube.server})"
    session.report(Said(text=session.target))
    gpus = _look(session)
    running = running_models(gpus.deployments, gpus.pods)
    deployments = [
        body
        for each in running
        if not each.why_not and (body := gpus.deployment(each.namespace, each.name)) is not None
    ]
    names = ", ".join(str(each) for each in running if not each.why_not)
    session.report(Said(text=f"lowers {names}" if names else "no model is up"))
    return switch_off(session, gpus, deployments, [each for each in running if each.why_not], limit_s)


def _look(session: Session) -> Gpus:
    """The look; from here on the last lines say what is paid for, however this ends."""
    gpus = look_at_gpus(session.kube)
    paying.remaining(session, gpus.nodes, users_of(gpus.pods))
    return gpus


def switch_off(
    session: Session,
    gpus: Gpus,
    deployments: Sequence[Json],
    left: Sequence[Running] = (),
    limit_s: float | None = None,
    *,
    run: str | None = None,
) -> ModelDown:
    """Lower the Deployments, all of them whatever happens to one, and wait until they and their nodes are gone.

    `run`: only what this run raised.
    """
    outcomes = [_lower(session, body, run) for body in deployments]
    down = [body for body, each in zip(deployments, outcomes, strict=True) if each.action in ("lowered", "was down")]
    config = session.readable_config
    timeouts = config.aiops.timeouts if config else Timeouts()
    drained = _drained(gpus, down, timeouts.drain) if down or not deployments else ()
    ended = Lowering(session, down, drained).run(limit_s or timeouts.drain)
    models = [*outcomes, *(Lowered(name=str(each), action="left", detail=each.why_not) for each in left)]
    return _result(models, ended, _keda(gpus, down), gpus.unread)


def _lower(session: Session, deployment: Json, run: str | None) -> Lowered:
    meta = deployment["metadata"]
    name = f"Deployment {meta['namespace']}/{meta['name']}"
    was = deployment["spec"].get("replicas") or 0
    try:
        outcome = lower(session.kube, meta["namespace"], meta["name"], run)
    except AiopsError as error:
        session.report(Said(text=f"{name} could NOT be lowered: {error.message}", level="warn"))
        return Lowered(name=name, action="failed", detail=error.message)
    if outcome == "not ours":
        return Lowered(name=name, action="left", detail="somebody else took it over, and it stays up for them")
    paying.stopped(session, name)
    if outcome == "down" or not was:
        return Lowered(name=name, action="was down")
    raised = raised_of(deployment)
    return Lowered(name=name, action="lowered", detail=f"from {was} to 0" + (f", raised by {raised}" if raised else ""))


def _drained(gpus: Gpus, down: Sequence[Json], drain_s: float) -> list[str]:
    """The nodes to see leave: those that these models were on, or, where none is up, the idle ones.

    A node that was there for `drain_s` before the model came is no autoscaler's: that would have taken it away.
    """
    if not any(body["spec"].get("replicas") for body in down):
        busy = users_of(gpus.pods)
        idle = [node["metadata"]["name"] for node in gpus.nodes if is_gpu_node(node)]
        return [name for name in idle if name not in busy]
    found: dict[str, None] = {}
    for body in down:
        raised = raised_of(body)
        came = moment(raised.at) if raised else None
        since = came - timedelta(seconds=drain_s) if came else None
        for node in gpus.nodes_of(body):
            created = moment(node["metadata"].get("creationTimestamp"))
            if since is None or created is None or created >= since:
                found[node["metadata"]["name"]] = None
    return list(found)


def _keda(gpus: Gpus, down: Sequence[Json]) -> list[Finding]:
    """The ScaledObjects that would bring a model back."""
    return [
        finding
        for body in down
        for finding in keda_undoes(
            [each for each in gpus.scaledobjects if each["metadata"]["namespace"] == body["metadata"]["namespace"]],
            body["metadata"]["name"],
            0,
        )
    ]


def _result(models: Sequence[Lowered], ended: Ended, keda: Sequence[Finding], unread: str) -> ModelDown:
    failed = [f"{each.name} could not be lowered: {each.detail}" for each in models if each.action == "failed"]
    again = [f"{row.name} was {row.detail}" for row in ended.rows if row.state == "hopeless"]
    back = [f"{each.symptom}, and brings it back" for each in keda if each.status == "fail"]
    notes = [f"{each.symptom}: it may bring it back" for each in keda if each.status == "warn"]
    notes += [f"whether KEDA brings it back could not be read: {unread}"] if unread else []
    pods = [f"{row.name} is {row.detail}" for row in ended.rows if row.state == "waiting" and row.layer == MODELS]
    nodes = [row.name for row in ended.rows if row.state == "waiting" and row.layer == GPU_NODES]
    if bad := [*failed, *again, *back]:
        summary, code = "; ".join(bad), 3
    elif ended.over and (pods or ended.trouble):
        summary, code = f"after {ended.seconds:.0f} s {ended.trouble or '; '.join(pods)}", 4
    else:
        summary, code = _down(models, ended, nodes), 0
    hint = "\n".join(each.fix for each in keda) or ("run it again: it looks until they are gone" if code else "")
    return ModelDown(
        summary=summary, hint=hint, exit_code=code,
        warnings=len(notes) + len(nodes) + sum(each.action == "left" for each in models),
        models=tuple(models), rows=ended.rows, notes=tuple(notes), seconds=ended.seconds,
    )  # fmt: skip


def _down(models: Sequence[Lowered], ended: Ended, nodes: Sequence[str]) -> str:
    counts = Counter(each.action for each in models)
    words = [f"{counts['lowered']} lowered to 0"] if counts["lowered"] else []
    words += [f"{counts['was down']} down already"] if counts["was down"] else []
    words += [f"{counts['left']} left running"] if counts["left"] else []
    if left := [row.name for row in ended.rows if row.layer == GPU_NODES and row.state == "settled"]:
        words.append(f"{', '.join(left)} left")
    if nodes:
        words.append(f"{', '.join(nodes)} still there after {ended.seconds:.0f} s")
    return ", ".join(words) or "no model was up"

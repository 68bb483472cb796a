"""Which model a command means, and what of it is on the cluster: derived from the tree and the objects."""

from dataclasses import dataclass
from functools import partial

from aiops.clients.kube import APPLICATION, DEPLOYMENTS
from aiops.collect import gather
from aiops.config.model import ModelSettings
from aiops.config.spelling import did_you_mean
from aiops.config.tables import SERVING, core_groups
from aiops.errors import NotFound, Refused, WrongUse
from aiops.gitops.application import Application
from aiops.judge.model import Model, asks_for_gpu, model_of
from aiops.operations.gpu_guard import workloads
from aiops.session import Session
from aiops.snapshot import Json


@dataclass(frozen=True)
class Found:
    """A GPU model on the cluster: its application and its Deployment."""

    application: Json
    deployment: Json
    model: Model

    @property
    def name(self) -> str:
        """Of its application: what an operator calls it."""
        return str(self.application["metadata"]["name"])

    def __str__(self) -> str:
        return f"Deployment {self.model.namespace}/{self.model.name}"


def chosen_application(session: Session, name: str | None) -> str:
    """The application that a command means: the one named, the config's `aiops.model`, or the only GPU model in a core
    group of layer serving; WrongUse with the list of all GPU models where that is not one."""
    if name or session.config.aiops.model:
        return name or str(session.config.aiops.model)
    models = gpu_applications(session)
    core = core_groups(session.config)
    likely = [each.name for each in models if each.layer == SERVING and each.group in core]
    if len(likely) == 1:
        return likely[0]
    what = f"several could be meant: {', '.join(likely)}" if likely else "no core group of layer serving has one"
    named = ", ".join(each.name for each in models) or "none"
    raise WrongUse(f"which GPU model? {what}", f"name one, or set aiops.model in the config; GPU models: {named}")


def gpu_applications(session: Session) -> tuple[Application, ...]:
    """The applications of enabled groups whose own files hold a Deployment that asks for GPUs."""
    return tuple(
        each
        for each in _applications(session)
        if any(workload.kind == "Deployment" for workload in workloads(session, each, session.files))
    )


def live_application(session: Session, name: str) -> Json:
    """The Application as it is on the cluster; Refused where it is not there yet, WrongUse where it never will be."""
    try:
        return session.kube.get(APPLICATION, name, session.namespace)
    except NotFound as error:
        known = {each.name: each for each in _applications(session)}
        if name not in known:
            models = ", ".join(each.name for each in gpu_applications(session))
            raise WrongUse(
                f"{session.tree.where} has no application `{name}` in an enabled group{did_you_mean(name, known)}",
                f"GPU models: {models or 'none'}",
            ) from error
        layer = known[name].layer
        profiles = [profile for profile, layers in session.profiles().items() if layer in layers]
        raise Refused(
            f"{name} is not on the cluster: layer {layer} is not applied, or not settled",
            f"aiops root --profile {profiles[0]}" if profiles else "add its layer to a profile",
        ) from error


def live_model(session: Session, name: str) -> Found:
    """The one GPU Deployment of an application; Refused where it was not synced yet, WrongUse where it has none."""
    app = live_application(session, name)
    found, missing = live_deployments(session, app)
    models = [body for body in found if asks_for_gpu(body)]
    if len(models) == 1:
        return Found(app, models[0], model_in(session, models[0]))
    if models:
        names = ", ".join(body["metadata"]["name"] for body in models)
        raise WrongUse(f"{name} has {len(models)} GPU Deployments: {names}", "split them into an application each")
    if missing or not app.get("status", {}).get("resources"):
        absent = f": Deployment {', '.join(missing)} is not there" if missing else ""
        raise Refused(f"{name} was never synced{absent}", f"`aiops sync {name}` deploys it, at the replicas of git")
    raise WrongUse(f"{name} has no Deployment that asks for a GPU", no_gpu_hint(app, "resume", "on"))


def no_gpu_hint(app: Json, command: str, way: str) -> str:
    """What to use instead for an application without a GPU Deployment."""
    kinds = {each["kind"] for each in app.get("status", {}).get("resources") or ()}
    name = app["metadata"]["name"]
    return f"`aiops {command} {name}` switches its InferenceServices {way}" if "InferenceService" in kinds else ""


def live_deployments(session: Session, app: Json) -> tuple[list[Json], list[str]]:
    """The Deployments of an application, and the names of those that are not there."""
    refs = [each for each in app.get("status", {}).get("resources") or () if each["kind"] == "Deployment"]
    reads = {
        (ref.get("namespace", ""), ref["name"]): partial(
            session.kube.get, DEPLOYMENTS, ref["name"], ref.get("namespace")
        )
        for ref in refs
    }
    bodies, failures = gather(reads)
    for error in failures.values():
        if not isinstance(error, NotFound):
            raise error
    return [bodies[key] for key in reads if key in bodies], [f"{space}/{name}" for space, name in failures]


def model_in(session: Session, deployment: Json) -> Model:
    """The Deployment as a model, with what the config says of it."""
    given = session.config.aiops.models.get(deployment["metadata"]["name"], ModelSettings())
    return model_of(
        deployment,
        name=given.name, port=given.port, secret=given.secret, key=given.key,
        startup_s=given.startup, endpoint=given.endpoint,
    )  # fmt: skip


def _applications(session: Session) -> tuple[Application, ...]:
    """Of all enabled groups."""
    return session.tree.applications_in([layer.name for layer in session.tree.layers])

"""Does KServe bring each predictor the model that it loads?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.nodes import Place
from aiops.gitops.parsing import Body, items, part, value
from aiops.judge.command_line import CommandLine
from aiops.judge.finding import Evidence, Finding, Status
from aiops.judge.kserve import CONTAINER, MODELS, STORAGE, is_stopped
from aiops.judge.kserve_denials import Denial, denied_pods, denied_services
from aiops.judge.lineage import has_ended, is_going
from aiops.judge.mounts import is_beneath, mount_of, mounts_of
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_SERVERS = (
    "model", "huggingface", "lightgbm", "onnx", "paddle", "pmml", "pytorch", "sklearn", "tensorflow", "triton",
    "xgboost",
)  # fmt: skip
"""Fields of a predictor that each bring a server of KServe's (serving/v1beta1/predictor.go, GetImplementations)."""
_LABEL = "serving.kserve.io/inferenceservice"


def _lint(declared: Declared) -> Iterator[Finding]:
    services = [each for each in declared.of("InferenceService") if part(each.body, "spec", "predictor")]
    found = [each for service in services for each in _of_service(declared, service)]
    yield from found
    if not services:
        yield skip("the tree has no InferenceService")
    elif not found:
        yield ok(f"KServe takes {len(services)} InferenceServices, and brings each the model that it loads")


def _of_service(declared: Declared, service: Manifest) -> Iterator[Finding]:
    predictor = part(service.body, "spec", "predictor")
    containers = items(predictor, "containers")
    own = next((each for each in containers if each.get("name") == CONTAINER), None)
    server = next((name for name in _SERVERS if value(predictor, name) is not None), "")
    if server and own is not None:
        yield _found(
            service, declared.place(service, "spec", "predictor", server), "fail",
            f"{service} has both {server} and a container {CONTAINER}",
            "each is a server of its own, and KServe's webhook refuses two",
            f"set the variable {STORAGE} in the container instead of {server}.storageUri, and take {server} out",
        )  # fmt: skip
    elif not server and containers:
        yield from _of_container(declared, service, own or containers[0], alone=len(containers) == 1)


def _of_container(declared: Declared, service: Manifest, container: Body, *, alone: bool) -> Iterator[Finding]:
    """Of a predictor that is a container of the tree's own."""
    path: tuple[str | int, ...] = ("spec", "predictor", "containers", container.get("name") or 0)
    brought = bool(value(service.body, "spec", "predictor", "storageUris"))
    named = any(each.get("name") == STORAGE and each.get("value") for each in items(container, "env"))
    line = CommandLine(container)
    model = line.option("--model") or line.served()
    mounts = mounts_of(part(service.body, "spec", "predictor"), container)
    if container.get("name") != CONTAINER and (named or brought):
        yield _found(
            service, declared.place(service, *path, "name"), "warn" if alone else "fail",
            f"{service} names its storage for container {container.get('name')}, which is not {CONTAINER}",
            "KServe renames a lone container, and Argo CD sees a difference for good"
            if alone
            else f"KServe brings the storage to the container {CONTAINER} alone: {MODELS} is empty in this one",
            f"set the container's name to {CONTAINER}",
        )  # fmt: skip
    elif is_beneath(model, MODELS) and not (named or brought or mount_of(model, mounts)):
        yield _found(
            service, declared.place(service, *path, "args", "--model"), "fail",
            f"{service} loads {model}, and nothing brings a model there",
            f"no {STORAGE} on its container, no storageUris, and no volume: the folder is empty",
            f"set the variable {STORAGE} of {CONTAINER} to where the model is, as oci://IMAGE@sha256:DIGEST",
        )  # fmt: skip


def _found(service: Manifest, place: Place, status: Status, symptom: str, cause: str, fix: str) -> Finding:
    return Finding(status=status, symptom=symptom, cause=cause, fix=fix, **of(service), **at(place))


def _judge(look: Look) -> Iterator[Finding]:
    services = [each for each in look.items("inference-services") if not is_stopped(each)]
    empty = [found for each in look.items("pods") if (found := _empty(each))]
    denied = [*denied_services(look.items("applications")), *denied_pods(services, look.items("events"))]
    refused = [_refused(each) for each in denied]
    yield from (*refused, *empty)
    if not refused and not empty and not services:
        yield skip("no InferenceService is there that is not stopped")
    elif not refused and not empty:
        yield ok(f"KServe took {len(services)} InferenceServices, and no predictor is without its storage")


def _refused(denial: Denial) -> Finding:
    return Finding(
        status="fail",
        symptom=f"KServe's webhook refuses {denial.what}",
        cause=denial.said.text,
        about=denial.about,
        owner=denial.owner,
        fix=f"set one of them in its predictor: a server of KServe's, or one container {CONTAINER} with {STORAGE}",
        evidence=(denial.said,),
    )


def _empty(pod: Json) -> Finding | None:
    """A container that names its storage, into which KServe's webhook has put none."""
    labels = pod["metadata"].get("labels") or {}
    if _LABEL not in labels or has_ended(pod) or is_going(pod):
        return None
    spec = pod.get("spec") or {}
    for container in items(spec, "containers"):
        names = [each.get("name") for each in items(container, "env")]
        if STORAGE in names and mount_of(MODELS, mounts_of(spec, container)) is None:
            return Finding(
                status="fail",
                symptom=f"{ref_of(pod)} of InferenceService {labels[_LABEL]} started without its storage: {MODELS} is "
                "empty",
                cause="KServe's pod webhook has not looked at it: it was away, or leaves this namespace out",
                about=str(ref_of(pod)),
                fix=f"kubectl -n {pod['metadata']['namespace']} delete pod {pod['metadata']['name']}",
                evidence=(Evidence(str(ref_of(pod)), f"container {container.get('name')} has no volume at {MODELS}"),),
            )
    return None


CHECK = Check(
    slug="modelcar-storage",
    group="models",
    title="KServe brings each predictor the model that it loads",
    reads=("inference-services", "pods", "applications", "events"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)

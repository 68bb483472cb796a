"""Does each model's server have the key that its Secret holds now? Told by times: no value is read."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiops.checks.check import Check, ok, skip
from aiops.gitops.parsing import part
from aiops.gitops.workloads import pods_made_by
from aiops.judge.age import age_s
from aiops.judge.fields import as_evidence, condition, owner_of
from aiops.judge.finding import Evidence, Finding
from aiops.judge.model import KEY_VARIABLE
from aiops.judge.pod import statuses
from aiops.judge.scaling import makes, not_ready
from aiops.judge.stoppable import ENDED
from aiops.snapshot import Json, moment, ref_of
from aiops.snapshot.look import Look, NotRead

_CLOCKS = timedelta(seconds=30)
"""A container's start is by its node's clock."""
_GRACE_S = 300.0
_READ_ONCE = "a server reads its key once, when its container starts"


@dataclass(frozen=True)
class Use:
    """A container that takes its server's key from a Secret."""

    pod: Json
    container: str
    secret: str
    started: datetime | None
    """None: it does not run."""

    @property
    def namespace(self) -> str:
        """Of both."""
        return str(self.pod["metadata"]["namespace"])

    def __str__(self) -> str:
        return f"container {self.container} of {ref_of(self.pod)}"


def _judge(look: Look) -> Iterator[Finding]:
    uses = [each for pod in look.items("pods") for each in _uses(pod)]
    if not uses:
        yield skip("no pod of a model's server takes a key from a Secret")
        return
    bad = [found for each in uses for found in (*_fetched(look, each), *_written(look, each))]
    yield from bad
    if not bad:
        yield ok(f"{len(uses)} model servers started after their key was written last")


def _uses(pod: Json) -> Iterator[Use]:
    if pod.get("status", {}).get("phase") in ENDED or pod["metadata"].get("deletionTimestamp"):
        return
    running = {each["name"]: (each.get("state") or {}).get("running") or {} for each in statuses(pod)}
    for pods in pods_made_by(pod):
        for each in pods.containers:
            if secret := part(each.env.get(KEY_VARIABLE), "valueFrom", "secretKeyRef").get("name"):
                yield Use(pod, each.name, str(secret), moment(running.get(each.name, {}).get("startedAt")))


def _fetched(look: Look, use: Use) -> Iterator[Finding]:
    """The ExternalSecret that makes it is not Ready, and has not been for a while."""
    for body in look.items("external-secrets"):
        ready = condition(body, "Ready")
        since_s = age_s(look.at, ready.get("lastTransitionTime") or body["metadata"].get("creationTimestamp"))
        mine = body["metadata"]["namespace"] == use.namespace and makes(body) == use.secret
        if mine and not_ready(body) and (since_s or 0.0) > _GRACE_S:
            yield Finding(
                status="fail",
                symptom=f"the key of {use} may be an old one: {not_ready(body)}",
                cause="what its store holds now does not reach its Secret",
                about=str(ref_of(body)),
                fix=f"kubectl -n {use.namespace} describe externalsecret {body['metadata']['name']}",
                evidence=as_evidence(ready),
            )


def _written(look: Look, use: Use) -> Iterator[Finding]:
    try:
        secrets = {(each["metadata"]["namespace"], each["metadata"]["name"]): each for each in look.items("secrets")}
    except NotRead as error:
        if not error.unread.refused:
            raise
        yield _untold(
            f"this user may not {error.unread.refused}",
            "a right of its own, because it lets read every Secret: ClusterRole aiops-doctor-secrets",
            "have it bound to you, or leave this check out with `--skip model-key-current`",
        )
        return
    yield from _compared(use, secrets)


def _compared(use: Use, secrets: Mapping[tuple[str, str], Json]) -> Iterator[Finding]:
    name, secret = f"Secret {use.namespace}/{use.secret}", secrets.get((use.namespace, use.secret))
    if secret is None:
        yield Finding(
            status="warn" if use.started else "fail",
            symptom=f"{use} takes its key from {name}, which is not there",
            cause="it keeps the key that it started with" if use.started else "without it the container does not start",
            about=str(ref_of(use.pod)),
            fix=f"kubectl -n {use.namespace} get externalsecrets",
        )
        return
    written = str(owner_of(secret, "f:data").get("time") or "")
    when = moment(written) or moment(secret["metadata"].get("creationTimestamp"))
    if use.started and when and when > use.started + _CLOCKS:
        yield Finding(
            status="warn",
            symptom=f"{use} is older than what {name} holds",
            cause=f"{_READ_ONCE}: clients with the new one are refused (401)",
            about=str(ref_of(use.pod)),
            fix=f"kubectl -n {use.namespace} delete pod {use.pod['metadata']['name']}",
            evidence=(
                Evidence(f"container {use.container}", "started", use.started.isoformat()),
                Evidence(name, "written", when.isoformat()),
            ),
        )
    elif use.started and not written:
        yield _untold(
            f"could not tell when {name} was written last",
            "its metadata.managedFields do not say",
            f"kubectl -n {use.namespace} delete pod {use.pod['metadata']['name']}  # if clients are refused",
        )


def _untold(symptom: str, cause: str, fix: str) -> Finding:
    return Finding(status="unknown", symptom=symptom, cause=cause, fix=fix)


CHECK = Check(
    slug="model-key-current",
    group="models",
    title="model servers started after their key was written last",
    reads=("pods", "secrets", "external-secrets"),
    needs=("cluster-reachable",),
    judge=_judge,
)

"""Does git say all that the cluster fills into a ClusterQueue, so that Argo CD finds no difference for ever?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import value
from aiops.judge.age import age_s
from aiops.judge.alive import JITTER_S, RESYNC_S
from aiops.judge.finding import Evidence, Finding
from aiops.judge.operation import heals, operation_of
from aiops.judge.plan import applications_of, plan_of
from aiops.judge.queue_defaults import DEFAULTS, left_out
from aiops.judge.unsettled import QUEUE, synced_and_differs
from aiops.snapshot import Json
from aiops.snapshot.look import Look

TWO_LOOKS_S = 2 * (RESYNC_S + JITTER_S)
"""After so long Argo CD has compared it twice more."""


def _lint(declared: Declared) -> Iterator[Finding]:
    queues = [each for each in declared.of(QUEUE[1]) if each.document.group == QUEUE[0]]
    bad = [(each, missing) for each in queues if (missing := list(left_out(each.body)))]
    for each, missing in bad:
        fields = {".".join(path): default for path, default in missing}
        yield Finding(
            status="warn",
            symptom=f"{each} leaves out what Kueue fills in: {', '.join(fields)}",
            cause="the object on the cluster has more than git, which Argo CD may call OutOfSync after each sync",
            fix=f"set {', '.join(f'spec.{field}: {default}' for field, default in fields.items())}",
            **of(each),
            **at(declared.place(each, "spec", *missing[0][0])),
        )
    if not queues:
        yield skip("the tree holds no ClusterQueue")
    elif not bad:
        yield ok(f"{len(queues)} ClusterQueue{'' if len(queues) == 1 else 's'} say what Kueue would fill in")


def _judge(look: Look) -> Iterator[Finding]:
    applications, queues = applications_of(look), look.named("cluster-queues")
    found = [
        (each.name, queue)
        for each in plan_of(look).expected
        if (app := applications.get(each.name)) is not None
        for queue in synced_and_differs(app, each, QUEUE)
    ]
    for name, queue in found:
        yield _finding(look, applications[name], queue, queues.get(queue["name"], {}))
    if not found:
        yield ok(f"{len(queues)} ClusterQueues are on the cluster, and none differs from git after its sync")


def _finding(look: Look, app: Json, queue: Json, live: Json) -> Finding:
    operation, name = operation_of(app), app["metadata"]["name"]
    age = age_s(look.at, operation.finished or None)
    late = heals(app) > 1 or age is None or age > TWO_LOOKS_S
    filled = {".".join(path): value(live, "spec", *path) for path in DEFAULTS}
    return Finding(
        status="fail" if late else "warn",
        symptom=f"ClusterQueue {queue['name']} is OutOfSync although {name} was synced, and nothing else of it is",
        cause="Kueue fills in fields that git leaves out: no sync ends that difference",
        about=f"ClusterQueue {queue['name']}",
        owner=f"application {name}",
        fix="set in git, in its ClusterQueue, every field below with the value that it has on the cluster",
        evidence=(
            Evidence("sync", operation.message or operation.phase, operation.finished),
            *(Evidence(f"spec.{path}", str(found)) for path, found in filled.items() if found is not None),
        ),
    )


CHECK = Check(
    slug="kueue-defaults",
    group="layers",
    title="git says what Kueue fills into a ClusterQueue",
    reads=("applications", "plan", "cluster-queues"),
    needs=("argocd-installed", "git-readable", "argocd-controller-alive"),
    judge=_judge,
    lint=_lint,
)

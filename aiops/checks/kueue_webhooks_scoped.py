"""Are Kueue's webhooks asked for the Jobs and pods of its own tenants alone?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, owned_by, skip
from aiops.gitops.argocd import settings_of
from aiops.gitops.declared import Declared
from aiops.gitops.kueue import Install, installs_of
from aiops.gitops.parsing import Body, items
from aiops.judge.database import bootstrap_missing
from aiops.judge.finding import Evidence, Finding
from aiops.judge.webhook import CONFIGURATIONS, chooses, is_kueues, is_scoped, ready_endpoints, stops_workloads
from aiops.snapshot import Json
from aiops.snapshot.look import Look

ASKED = {CONFIGURATIONS[0]: ("mjob.kb.io", "mpod.kb.io"), CONFIGURATIONS[1]: ("vjob.kb.io", "vpod.kb.io")}
"""Kind: the webhooks of Kueue's chart that are asked for Jobs and pods (charts/kueue/templates/webhook)."""
_CAUSE = "while Kueue is not up, no Job and no pod of any namespace can be made, that of a database's first start too"
_FIX = "add a namespaceSelector with a label of Kueue's own namespaces to each of them, by a patch"


def _lint(declared: Declared) -> Iterator[Finding]:
    installs = tuple(installs_of(declared))
    found = [*_unscoped(declared, installs), *_not_inflated(declared, installs)]
    rendered = [each for each in declared.of(*CONFIGURATIONS) if is_kueues(each.body)]
    for each in rendered:
        if names := _open(each.body):
            found.append(
                Finding(
                    status="fail",
                    symptom=f"{each} asks Kueue for Jobs and pods of every namespace: {', '.join(names)}",
                    cause=_CAUSE,
                    fix=_FIX,
                    **of(each),
                    **at(declared.place(each, "webhooks", names[0])),
                )
            )
    yield from found
    if not installs and not rendered:
        yield skip("the tree does not install Kueue")
    elif not found:
        yield ok("Kueue's webhooks are asked for the Jobs and pods of chosen namespaces")


def _unscoped(declared: Declared, installs: tuple[Install, ...]) -> Iterator[Finding]:
    for each in installs:
        names = () if chooses(each.selector) else _unpatched(each)
        if names:
            yield Finding(
                status="fail",
                symptom=f"Kueue's chart is rendered with webhooks for every namespace: {', '.join(names)}",
                cause=_CAUSE,
                fix=f"{_FIX}, or set managedJobsNamespaceSelector in its configuration",
                owner=owned_by(each.application),
                **at(each.place),
            )


def _unpatched(install: Install) -> tuple[str, ...]:
    """The webhooks that no patch scopes; a JSON patch counts for all of a kind: which it means, nobody can tell."""
    left = []
    for kind, names in ASKED.items():
        patches = [one.body for one in install.patches if one.kind in ("", kind)]
        by_index = any("Selector" in str(step.get("path")) for body in patches for step in items(body, "operations"))
        scoped = {str(hook.get("name")) for body in patches for hook in items(body, "webhooks") if is_scoped(hook)}
        left += [] if by_index else [name for name in names if name not in scoped]
    return tuple(left)


def _not_inflated(declared: Declared, installs: tuple[Install, ...]) -> Iterator[Finding]:
    """Argo CD renders no chart in a kustomization unless it is told to."""
    if not any(each.inflated for each in installs):
        return
    for each in settings_of(declared):
        if "--enable-helm" not in str(each.data.get("kustomize.buildOptions") or ""):
            yield Finding(
                status="fail",
                symptom="a kustomization inflates Kueue's chart, and Argo CD's settings do not allow that",
                cause="without --enable-helm in kustomize.buildOptions its application cannot be rendered",
                fix="set kustomize.buildOptions: --enable-helm in Argo CD's settings",
                owner=owned_by(each.application),
                **at(each.place),
            )


def _judge(look: Look) -> Iterator[Finding]:
    every = (*look.items("mutating-webhooks"), *look.items("validating-webhooks"))
    kueues = [body for body in every if is_kueues(body)]
    jobs = look.items("jobs")
    stuck = [body for body in look.items("databases") if bootstrap_missing(body, jobs, look.at)] if kueues else []
    opened = [(body, names) for body in kueues if (names := _open(body))]
    for body, names in opened:
        yield _finding(look, body, names, stuck)
    for body in stuck if not opened else ():
        yield _wedged(body)
    if not kueues:
        yield skip("no webhook of Kueue is on the cluster")
    elif not opened and not stuck:
        yield ok(f"{len(kueues)} webhook configurations of Kueue ask for chosen namespaces alone")


def _finding(look: Look, body: Json, names: list[str], stuck: list[Json]) -> Finding:
    clients = (hook.get("clientConfig") or {} for hook in body["webhooks"] if hook.get("name") in names)
    service: Json = next(clients, {}).get("service") or {}
    namespace, name = service.get("namespace", ""), service.get("name", "")
    ready = ready_endpoints(look.items("endpoint-slices"), namespace, name)
    return Finding(
        status="warn" if ready and not stuck else "fail",
        symptom=f"{body['kind']} {body['metadata']['name']} is asked for Jobs and pods of every namespace, "
        f"and may not fail: {', '.join(names)}",
        cause=_CAUSE,
        about=f"{body['kind']} {body['metadata']['name']}",
        fix=_FIX,
        evidence=(
            Evidence(f"Service {namespace}/{name}", f"{ready} ready endpoints"),
            *(Evidence(_named(each), "has no Job that makes its first instance") for each in stuck[:3]),
        ),
    )


def _wedged(body: Json) -> Finding:
    meta = body["metadata"]
    return Finding(
        status="fail",
        symptom=f"{_named(body)} is still setting up its primary, and the Job that should do so is not there",
        cause="the Job was refused once, as by a webhook that nobody answered, and is not made again",
        about=_named(body),
        fix=f"kubectl -n {meta['namespace']} describe clusters.postgresql.cnpg.io {meta['name']}",
        evidence=(Evidence("status.phase", str(body["status"]["phase"]), meta.get("creationTimestamp") or ""),),
    )


def _named(body: Json) -> str:
    return f"Cluster {body['metadata']['namespace']}/{body['metadata']['name']}"


def _open(body: Body) -> list[str]:
    """Its webhooks that stop Jobs or pods wherever they are."""
    return [str(hook.get("name")) for hook in items(body, "webhooks") if stops_workloads(hook) and not is_scoped(hook)]


CHECK = Check(
    slug="kueue-webhooks-scoped",
    group="layers",
    title="Kueue's webhooks are asked for chosen namespaces alone",
    reads=("mutating-webhooks", "validating-webhooks", "databases", "jobs", "endpoint-slices"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)

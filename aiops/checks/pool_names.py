"""Do routes, objectives and InferencePools name each other, and the pods that are there?"""

from collections.abc import Iterator
from dataclasses import replace

from aiops.checks.check import Check, at, of, ok, owned_by, skip
from aiops.config.spelling import did_you_mean
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import items
from aiops.judge.age import age_s
from aiops.judge.fields import as_evidence, said
from aiops.judge.finding import Finding
from aiops.judge.network.paths import backends_of
from aiops.judge.plan import plan_of, tracked
from aiops.judge.pool_names import idle_of, lost_of
from aiops.judge.pools import pools_of, uses_of
from aiops.judge.stoppable import application_of
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

Names = dict[str, set[tuple[str, str]]]
"""By kind: namespaces and names."""
_TAKES_S = 120.0
_NAMES = (
    "the backend of a route, the pool of an objective and the pool itself (with its chart: the release) have one name"
)
_READ = {"InferencePool": "inference-pools", "Service": "services"}


def _lint(declared: Declared) -> Iterator[Finding]:
    pools, uses = pools_of(declared), tuple(uses_of(declared))
    lost, idle = tuple(lost_of(declared, pools)), tuple(idle_of(declared, pools))
    for each in lost:
        yield Finding(
            status="fail" if each.sure else "warn",
            symptom=f"{each.use.by} names pool {each.use.name}, and {each.words}",
            cause=_NAMES,
            fix=f"correct {'.'.join(map(str, each.use.path))}{did_you_mean(each.use.name, each.known)}",
            **of(each.use.by),
            **at(declared.place(each.use.by, *each.use.path)),
        )
    for pool in idle:
        labels = ", ".join(f"{key}={text}" for key, text in pool.selector.items())
        yield Finding(
            status="fail",
            symptom=f"{pool} selects pods labelled {labels}, and nothing in namespace {pool.namespace} makes such",
            cause="a pool without pods answers every request with 503",
            about=str(pool) if pool.name else pool.place.file,
            owner=owned_by(pool.application),
            fix="correct the pool's selector, or the labels of its model's pods",
            **at(pool.place),
        )
    if not pools and not uses:
        yield skip("the tree has no InferencePool")
    elif not lost and not idle:
        selectors = sum(bool(each.selector) for each in pools)
        yield ok(f"{len(uses)} references to pools and {selectors} selectors of pools agree, as far as the tree tells")


def _judge(look: Look) -> Iterator[Finding]:
    routes = look.items("http-routes")
    there = {kind: {(ref.namespace, ref.name) for ref in map(ref_of, look.items(read))} for kind, read in _READ.items()}
    plan = plan_of(look)
    coming = {kind: set(tracked(look, plan, kind)) for kind in _READ}
    found = [one for route in routes if (one := _of_route(look, route, there, coming)) is not None]
    yield from found
    if not routes:
        yield skip("the cluster has no HTTPRoute")
    elif not found:
        yield ok(f"{len(routes)} routes find their backends, as far as these are deployed")


def _of_route(look: Look, route: Json, there: Names, coming: Names) -> Finding | None:
    ref = ref_of(route)
    conditions = (each for parent in items(route, "status", "parents") for each in items(parent, "conditions"))
    refusal = next((dict(each) for each in conditions if _is_refusal(look, each)), None)
    if refusal is None:
        return None
    named = {(kind, namespace, name) for kind, namespace, name, _ in backends_of(route) if kind in _READ}
    missing = sorted(each for each in named if each[1:] not in there[each[0]])
    if missing and all(each[1:] in coming[each[0]] for each in missing):
        return None  # an application brings it that is not synced yet, or is synced by hand
    application = application_of(route)
    found = Finding(
        status="fail",
        symptom=f"{ref} does not find its backend: {said(refusal)}".removesuffix(": ").rstrip("."),
        cause=_NAMES,
        about=str(ref),
        owner=owned_by(application),
        fix=f"kubectl -n {ref.namespace} describe httproute {ref.name}",
        evidence=as_evidence(refusal),
    )
    if not missing:
        return found
    kind, namespace, name = missing[0]
    near = did_you_mean(name, (each for space, each in there[kind] if space == namespace)).removesuffix("?")
    return replace(found, symptom=f"{ref} sends requests to {kind} {namespace}/{name}, which is not there{near}")


def _is_refusal(look: Look, condition: object) -> bool:
    if not isinstance(condition, dict):
        return False
    refused = condition.get("type") == "ResolvedRefs" and condition.get("status") == "False"
    age = age_s(look.at, condition.get("lastTransitionTime"))
    return refused and condition.get("reason") == "BackendNotFound" and (age is None or age > _TAKES_S)


CHECK = Check(
    slug="pool-names",
    group="network",
    title="routes, objectives and InferencePools mean each other",
    reads=("http-routes", "inference-pools", "services", "plan", "applications"),
    needs=("cluster-reachable", "argocd-installed", "git-readable"),
    judge=_judge,
    lint=_lint,
)

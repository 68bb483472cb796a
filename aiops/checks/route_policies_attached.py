"""Is every policy of a gateway attached to the route, or the Gateway, that it is for?"""

from collections.abc import Iterator
from math import inf

from aiops.checks.check import Check, at, of, ok, owned_by, skip
from aiops.config.spelling import did_you_mean
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.unseen import by_hand, deployed, unseen
from aiops.judge.age import age_s
from aiops.judge.attachment import KINDS, attached, guards, refusals, sections_of, targets_of
from aiops.judge.fields import as_evidence, said
from aiops.judge.finding import Finding, Status
from aiops.judge.plan import plan_of, tracked
from aiops.judge.stoppable import application_of
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

Names = set[tuple[str, str, str]]
"""Kind, namespace and name of some objects."""
_TAKES_S = 120.0
"""A controller needs seconds."""
_OPEN = "a policy that is attached to nothing does nothing, and the route that it was meant for asks nobody for a login"
_USELESS = "a policy that is attached to nothing does nothing"


def _lint(declared: Declared) -> Iterator[Finding]:
    judged = untold = wrong = 0
    for policy in declared.manifests:
        for path, ref in targets_of(policy.body) if policy.application else ():
            kind, name, section = str(ref.get("kind")), str(ref.get("name")), ref.get("sectionName")
            there = deployed(declared, kind, policy.namespace)
            judged += 1
            if name in there and section and section not in sections_of(there[name].body):
                wrong += 1
                yield _wrong(declared, policy, (*path, "sectionName"), f"{there[name]} has no part {section}", "")
            elif name in there:
                continue
            elif by_hand(declared, kind, policy.namespace, name) or unseen(declared, policy.namespace):
                untold += 1
            else:
                wrong += 1
                words = f"no application deploys {kind} {policy.namespace}/{name}"
                yield _wrong(declared, policy, (*path, "name"), words, did_you_mean(name, there))
    if not judged:
        yield skip("the tree has no policy of a route or a Gateway")
    elif judged == untold:
        yield skip(f"what {untold} policies are for may come from a chart, or from what is not meant here")
    elif not wrong:
        more = f", and of {untold} nobody can tell: a chart may bring them" if untold else ""
        yield ok(f"{judged - untold} targets of policies are there{more}")


def _wrong(declared: Declared, policy: Manifest, path: tuple[str | int, ...], words: str, near: str) -> Finding:
    return Finding(
        status="fail",
        symptom=f"{policy} is attached to nothing: {words}",
        cause=_OPEN if guards(policy.body) else _USELESS,
        fix=f"correct {'.'.join(map(str, path))}{near}",
        **of(policy),
        **at(declared.place(policy, *path)),
    )


def _judge(look: Look) -> Iterator[Finding]:
    policies = look.items("gateway-policies")
    if not policies:
        yield skip("the cluster has no policy of a gateway")
        return
    plan = plan_of(look)
    bodies = (*look.items("http-routes"), *look.items("gateways"))
    there = {(ref.kind, ref.namespace, ref.name) for ref in map(ref_of, bodies)}
    coming = {(kind, *name) for kind in KINDS for name in tracked(look, plan, kind)}
    found = [finding for policy in policies for finding in _of_policy(look, policy, there, coming)]
    yield from found
    if not found:
        yield ok(f"{len(policies)} policies are attached, or what they are for is not deployed")


def _of_policy(look: Look, policy: Json, there: Names, coming: Names) -> Iterator[Finding]:
    ref = ref_of(policy)
    if (age_s(look.at, policy["metadata"].get("creationTimestamp")) or inf) < _TAKES_S:
        return
    targets = [(str(each.get("kind")), ref.namespace, str(each.get("name"))) for _, each in targets_of(policy)]
    missing = [each for each in targets if each[0] in KINDS and each not in there]
    for kind, namespace, name in (each for each in missing if each not in coming):
        near = did_you_mean(name, (each[2] for each in there if each[:2] == (kind, namespace)))
        words = f"there is no {kind} {namespace}/{name}, and no application brings one{near}".removesuffix("?")
        if (condition := attached(policy)) is not None:  # who may be right: it has seen more than we
            yield _found(policy, f"{ref} is called attached, and {words}", condition, "warn")
        else:
            yield _found(policy, f"{ref} is attached to nothing: {words}")
    if missing:
        return  # what its controller says is of that
    for condition in refusals(policy):
        if (age_s(look.at, condition.get("lastTransitionTime")) or inf) > _TAKES_S:
            told = f"{ref} is not {str(condition['type']).lower()}: {said(condition)}".removesuffix(": ")
            yield _found(policy, told, condition, "warn" if condition.get("reason") == "Overridden" else "fail")
            return


def _found(policy: Json, symptom: str, condition: Json | None = None, status: Status = "fail") -> Finding:
    ref, application = ref_of(policy), application_of(policy)
    return Finding(
        status=status,
        symptom=symptom.rstrip("."),
        cause=_OPEN if guards(policy) else _USELESS,
        about=str(ref),
        owner=owned_by(application),
        fix=f"kubectl -n {ref.namespace} describe {ref.kind.lower()} {ref.name}",
        evidence=as_evidence(condition) if condition else (),
    )


CHECK = Check(
    slug="route-policies-attached",
    group="network",
    title="every policy of a gateway is attached to what it is for",
    reads=("gateway-policies", "http-routes", "gateways", "plan", "applications"),
    needs=("cluster-reachable", "argocd-installed", "git-readable"),
    judge=_judge,
    lint=_lint,
)

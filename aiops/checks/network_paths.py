"""Do NetworkPolicies let through what the platform itself needs?"""

from collections.abc import Iterator
from dataclasses import replace

from aiops.checks.check import Check, at, of, ok, owned_by, skip
from aiops.gitops.declared import Declared
from aiops.judge.finding import Evidence, Finding
from aiops.judge.network import scenes
from aiops.judge.network.blocked import Blocked, Judged, judged, name_of, namespace_of
from aiops.judge.network.paths import paths
from aiops.judge.network.plugins import enforcer
from aiops.judge.stoppable import application_of
from aiops.snapshot.look import Look

_LATENT = "latent, unless the network plugin enforces policies, of which no DaemonSet here is known to do so"


def _lint(declared: Declared) -> Iterator[Finding]:
    if not any(each.application for each in declared.of("NetworkPolicy")):
        yield skip("no application deploys a NetworkPolicy")
        return
    scene, policies = scenes.of_tree(declared)
    found = judged(paths(scene), policies)
    for each in found.blocked:
        manifest = next(
            one
            for one in declared.of("NetworkPolicy")
            if one.application and (one.namespace, one.name) == (namespace_of(each.policy), name_of(each.policy))
        )
        asking = {str(path.needed_by) for path in each.paths}
        meant = any(
            str(one) in asking and one.application not in declared.off for one in declared.manifests if one.application
        )
        where = declared.place(manifest, "spec", each.direction.lower())
        yield replace(_finding(each), status="fail" if meant else "warn", **of(manifest), **at(where))
    yield from _rest(found)


def _judge(look: Look) -> Iterator[Finding]:
    look.items("namespaces")  # nobody else asks for them, and what is not read is never fine
    if not look.items("network-policies"):
        yield skip("the cluster has no NetworkPolicy")
        return
    scene, policies = scenes.of_look(look)
    found = judged(paths(scene), policies)
    enforced = enforcer(look.items("daemon-sets"))
    for each in found.blocked:
        application = application_of(each.policy)
        finding = replace(_finding(each), owner=owned_by(application))
        yield finding if enforced else replace(finding, status="warn", cause=f"{_LATENT}; {finding.cause}")
    yield from _rest(found)


def _finding(each: Blocked) -> Finding:
    return Finding(
        status="fail",
        symptom=each.symptom,
        cause=each.cause,
        about=f"NetworkPolicy {namespace_of(each.policy)}/{name_of(each.policy)}",
        fix=each.fix,
        evidence=tuple(Evidence(str(path.needed_by), path.what) for path in each.paths),
    )


def _rest(found: Judged) -> Iterator[Finding]:
    """What is to be said where nothing is kept back."""
    untold = f", {found.untold} more cannot be told from what is known" if found.untold else ""
    if found.blocked:
        return
    if found.admitted:
        yield ok(f"{found.admitted} connections that the platform needs are let through{untold}")
    else:
        yield skip(f"no connection that the platform needs could be judged{untold}")


CHECK = Check(
    slug="network-paths",
    group="network",
    title="NetworkPolicies let through what the platform needs",
    reads=(*scenes.READS, "namespaces", "network-policies", "daemon-sets"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)

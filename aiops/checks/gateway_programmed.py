"""Is every Gateway programmed, and does the controller of its class come with it?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, owned_by, skip
from aiops.config import tables
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import items, value
from aiops.judge.age import age_s, since
from aiops.judge.fields import as_evidence, condition, is_true, said
from aiops.judge.finding import Finding
from aiops.judge.gateway_class import bringing, class_fault, profiles_without
from aiops.judge.stoppable import application_of
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_TAKES_S = 300.0
"""A controller starts the proxies of a new Gateway, and a cloud gives it an address."""


def _lint(declared: Declared) -> Iterator[Finding]:
    profiles = tables.profiles(declared.config) if declared.config else tables.PROFILES
    gateways = [each for each in declared.of("Gateway") if each.application]
    judged = alone = 0
    for each in gateways:
        of_class = str(value(each.body, "spec", "gatewayClassName") or "")
        found, app = bringing(declared, of_class), declared.application(each)
        if not found or app is None:
            continue
        judged += 1
        if without := profiles_without(profiles, app.layer, {one.layer for one in found}):
            alone += 1
            yield Finding(
                status="warn",
                symptom=f"{each} is of profile {without[0]}, which has no controller of its class {of_class}",
                cause=f"application {found[0].name} brings it, with layer {found[0].layer}; until then nobody "
                "looks at the Gateway",
                fix=f"run application {app.name} on a profile that has layer {found[0].layer}",
                **of(each),
                **at(declared.place(each, "spec", "gatewayClassName")),
            )
    if not gateways:
        yield skip("the tree has no Gateway")
    elif not judged:
        yield skip("no application of the tree is called like the class of a Gateway, so nobody knows who brings it")
    elif not alone:
        yield ok(f"the controllers of {judged} Gateways come with every profile that has these")


def _judge(look: Look) -> Iterator[Finding]:
    gateways = look.items("gateways")
    late = [each for each in gateways if not is_true(each, "Programmed") and _since_s(look, each) > _TAKES_S]
    waiting = [each for each in late if _waits_for_its_address(look, each)]
    for each in late:
        if each not in waiting:
            yield _finding(look, each)
    if not gateways:
        yield skip("the cluster has no Gateway")
    elif len(waiting) == len(late):
        more = f", {len(waiting)} wait for a load balancer, of which load-balancer-address tells" if waiting else ""
        new = sum(not is_true(each, "Programmed") for each in gateways) - len(late)
        young = f", {new} not yet" if new else ""
        yield ok(f"{len(gateways) - len(waiting) - new} of {len(gateways)} Gateways are programmed{more}{young}")


def _since_s(look: Look, gateway: Json) -> float:
    """For how long it is not programmed. The API server gives a new one conditions of 1970, until somebody looks."""
    made = age_s(look.at, gateway["metadata"].get("creationTimestamp")) or 0.0
    changed = age_s(look.at, condition(gateway, "Programmed").get("lastTransitionTime"))
    return made if changed is None else min(made, changed)


def _waits_for_its_address(look: Look, gateway: Json) -> bool:
    """A cloud gives its Service none, and nothing else is wrong."""
    ref, reason = ref_of(gateway), condition(gateway, "Programmed").get("reason")
    return reason == "AddressNotAssigned" and any(
        ref_of(each).namespace == ref.namespace
        and value(each, "spec", "type") == "LoadBalancer"
        and not items(each, "status", "loadBalancer", "ingress")
        for each in look.items("services")
    )


def _finding(look: Look, gateway: Json) -> Finding:
    ref, programmed, application = ref_of(gateway), condition(gateway, "Programmed"), application_of(gateway)
    return Finding(
        status="fail",
        symptom=f"{ref} is not programmed for {since(_since_s(look, gateway))}",
        cause=class_fault(gateway, look.items("gateway-classes"), look.items("deployments"))
        or said(programmed)
        or "nobody has looked at it",
        about=str(ref),
        owner=owned_by(application),
        fix=f"kubectl -n {ref.namespace} describe gateway {ref.name}",
        evidence=as_evidence(programmed),
    )


CHECK = Check(
    slug="gateway-programmed",
    group="network",
    title="every Gateway is programmed, and its controller comes with it",
    reads=("gateways", "gateway-classes", "deployments", "services"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)

"""Has every Service of type LoadBalancer an address?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.age import age_s, since
from aiops.judge.fields import as_evidence, owner_of
from aiops.judge.finding import Finding
from aiops.snapshot import Json
from aiops.snapshot.look import Look

TAKES_S = 180.0
"""A cloud needs a minute or two."""


def _judge(look: Look) -> Iterator[Finding]:
    balanced = [body for body in look.items("services") if _is_balanced(body)]
    without = [body for body in balanced if not _has_address(body)]
    late = [body for body in without if _age(look, body) > TAKES_S]
    for body in late:
        yield _finding(body, look)
    if late:
        return
    new = f", {len(without)} made just now" if without else ""
    have = len(balanced) - len(without)
    yield ok(f"{have} of {len(balanced)} Services of type LoadBalancer have an address{new}" if balanced else NONE)


NONE = "no Service asks for a load balancer"


def _finding(body: Json, look: Look) -> Finding:
    meta = body["metadata"]
    name = f"{meta['namespace']}/{meta['name']}"
    age = _age(look, body)
    bad = [each for each in body.get("status", {}).get("conditions") or () if each.get("status") != "True"]
    return Finding(
        status="fail",
        symptom=f"Service {name} has had no address for {since(age)}",
        cause="the cloud gives it none: a quota, a zone that is not set, or no controller for load balancers",
        about=f"Service {name}",
        fix=f"kubectl -n {meta['namespace']} describe service {meta['name']}",
        evidence=tuple(evidence for each in bad for evidence in as_evidence(each)),
    )


def _age(look: Look, body: Json) -> float:
    """For how many seconds it has been one: since it was made, or since somebody changed its type."""
    times = (body["metadata"].get("creationTimestamp"), owner_of(body, "f:spec", "f:type").get("time"))
    return min((age for time in times if (age := age_s(look.at, time or None)) is not None), default=0.0)


def _is_balanced(body: Json) -> bool:
    return (body.get("spec") or {}).get("type") == "LoadBalancer" and not body["metadata"].get("deletionTimestamp")


def _has_address(body: Json) -> bool:
    return bool((body.get("status", {}).get("loadBalancer") or {}).get("ingress"))


CHECK = Check(
    slug="load-balancer-address",
    group="network",
    title="every Service of type LoadBalancer has an address",
    reads=("services",),
    needs=("cluster-reachable",),
    judge=_judge,
)

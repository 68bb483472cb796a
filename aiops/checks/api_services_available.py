"""Does every part of the API that another server serves answer?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok
from aiops.judge.age import age_s
from aiops.judge.fields import condition, is_true, said
from aiops.judge.finding import Evidence, Finding
from aiops.snapshot.look import Look

STARTING_S = 120.0


def _judge(look: Look) -> Iterator[Finding]:
    services = look.items("api-services")
    if not services:
        yield Finding(
            status="unknown",
            symptom="the list of APIServices is empty, and every Kubernetes has some",
            fix="kubectl get apiservices",
        )
        return
    failed = False
    for body in services:
        available, name = condition(body, "Available"), body["metadata"]["name"]
        if is_true(body, "Available"):
            continue
        since = available.get("lastTransitionTime") or body["metadata"].get("creationTimestamp")
        if (age_s(look.at, since) or 0.0) < STARTING_S:
            continue
        failed = True
        words = said(available) or "it never became available"
        yield Finding(
            status="fail",
            symptom=f"APIService {name} is not available",
            cause="its server does not answer: its kinds are gone for all, and deleting any namespace hangs",
            about=f"APIService {name}",
            fix=f"kubectl describe apiservice {name}",
            evidence=(Evidence("condition Available", words, available.get("lastTransitionTime") or ""),),
        )
    if not failed:
        yield ok(f"all {len(services)} parts of the API are served")


CHECK = Check(
    slug="api-services-available",
    group="cluster",
    title="every part of the API that another server serves answers",
    reads=("api-services",),
    needs=("cluster-reachable",),
    prerequisite=True,
    judge=_judge,
)

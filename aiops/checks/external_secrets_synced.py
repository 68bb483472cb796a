"""Has every ExternalSecret of the platform been synced?"""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.age import age_s
from aiops.judge.delivery import missing_kinds
from aiops.judge.external_secret import Wanted, wanted
from aiops.judge.fields import as_evidence, condition, is_true, said
from aiops.judge.finding import Finding
from aiops.judge.operation import operation_of
from aiops.judge.plan import applications_of, known_kinds
from aiops.judge.profiles import asked
from aiops.snapshot.look import Look

FIRST_SYNC_S = 120.0


def _judge(look: Look) -> Iterator[Finding]:
    every = wanted(look)
    if not every:
        yield skip("no application of these layers has an ExternalSecret")
        return
    bad = [each for each in every if not is_true(each.body or {}, "Ready")]
    for each in bad:
        yield _finding(look, each)
    if not bad:
        yield ok(f"{len(every)} ExternalSecrets are synced")


def _finding(look: Look, each: Wanted) -> Finding:
    if each.body is None:
        return Finding(
            status="warn" if _is_coming(look, each) else "fail",
            symptom=f"{each} is not on the cluster",
            cause=f"application {each.application} deploys it, and its sync does not come to an end",
            about=str(each),
            owner=each.owner,
            fix=f"aiops wait{asked(look)}",
        )
    ready = condition(each.body, "Ready")
    age = age_s(look.at, each.body["metadata"].get("creationTimestamp")) or 0.0
    return Finding(
        status="warn" if age < FIRST_SYNC_S else "fail",
        symptom=f"{each} is not synced",
        cause=said(ready) or "no controller has looked at it",
        about=str(each),
        owner=each.owner,
        fix=f"kubectl -n {each.namespace} describe externalsecret {each.name}",
        evidence=as_evidence(ready),
    )


def _is_coming(look: Look, each: Wanted) -> bool:
    """Its application is new, or is being synced, or needs a kind that is not served: of that another check tells."""
    app = applications_of(look)[each.application]
    age = age_s(look.at, app["metadata"].get("creationTimestamp"))
    new = age is not None and age < FIRST_SYNC_S
    return new or operation_of(app).phase in ("pending", "running") or bool(missing_kinds(app, known_kinds(look)))


CHECK = Check(
    slug="external-secrets-synced",
    group="secrets",
    title="every ExternalSecret is synced",
    reads=("plan", "applications", "external-secrets", "kinds", "config"),
    needs=("git-readable", "argocd-installed", "secret-stores-ready"),
    judge=_judge,
)

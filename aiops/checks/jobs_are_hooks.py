"""Is every Job that deletes itself a hook, so that Argo CD does not miss it?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import part, value
from aiops.judge.expectation import Expected
from aiops.judge.finding import Evidence, Finding
from aiops.judge.operation import heals, operation_of
from aiops.judge.plan import applications_of, plan_of
from aiops.judge.unsettled import missing_jobs
from aiops.snapshot import Json
from aiops.snapshot.look import Look

HOOKS = ("argocd.argoproj.io/hook", "helm.sh/hook")
TTL = "ttlSecondsAfterFinished"
_FIX = "add the annotation argocd.argoproj.io/hook: PostSync (with hook-delete-policy: BeforeHookCreation) to the Job"


def _lint(declared: Declared) -> Iterator[Finding]:
    jobs = [each for each in declared.of("Job") if each.application]
    bad = [each for each in jobs if value(each.body, "spec", TTL) is not None and not _is_hook(each)]
    for each in bad:
        app = declared.application(each)
        automatic = app is not None and app.automatic
        yield Finding(
            status="fail" if automatic else "warn",
            symptom=f"{each} deletes itself {value(each.body, 'spec', TTL)} s after its end, and is no hook",
            cause="then Argo CD misses it: "
            + ("it is made and run again and again" if automatic else "its application stays OutOfSync for good"),
            fix=f"{_FIX}, or leave {TTL} out",
            **of(each),
            **at(declared.place(each, "spec", TTL)),
        )
    if not jobs:
        yield skip("no application of the tree has a Job")
    elif not bad:
        yield ok(f"{len(jobs)} Jobs are hooks, or stay")


def _is_hook(job: Manifest) -> bool:
    notes = part(job.body, "metadata", "annotations")
    return any(name in notes for name in HOOKS)


def _judge(look: Look) -> Iterator[Finding]:
    applications = applications_of(look)
    jobs = {(body["metadata"]["namespace"], body["metadata"]["name"]) for body in look.items("jobs")}
    found = [
        (each, app, gone)
        for each in plan_of(look).expected
        if (app := applications.get(each.name)) is not None and (gone := missing_jobs(app, each, jobs))
    ]
    for expected, app, gone in found:
        yield _finding(expected, app, gone)
    if not found:
        yield ok("no application is OutOfSync for a Job that is not there any more")


def _finding(expected: Expected, app: Json, gone: tuple[Json, ...]) -> Finding:
    name, operation, again = app["metadata"]["name"], operation_of(app), heals(app)
    jobs = ", ".join(f"{each.get('namespace', '')}/{each['name']}" for each in gone)
    made = f", and Argo CD has made it {again} times" if again > 1 else ""
    return Finding(
        status="fail" if expected.automatic else "warn",
        symptom=f"{name} is OutOfSync for nothing but Job {jobs}, which is gone{made}",
        cause="a Job that deletes itself after its end is missed by Argo CD, unless it is a hook",
        about=f"Application {name}",
        owner=f"application {name}",
        fix=_FIX,
        evidence=(Evidence("sync", operation.message or operation.phase, operation.finished),),
    )


CHECK = Check(
    slug="jobs-are-hooks",
    group="layers",
    title="no Job that deletes itself is missed by Argo CD",
    reads=("applications", "plan", "jobs"),
    needs=("argocd-installed", "git-readable"),
    judge=_judge,
    lint=_lint,
)

"""Is a model stopped in git, so that it is off wherever the tree is used?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.judge.finding import Finding
from aiops.judge.kserve import STOP, is_stopped
from aiops.snapshot import ref_of
from aiops.snapshot.look import Look

_KINDS = ("InferenceService", "LLMInferenceService")


def _lint(declared: Declared) -> Iterator[Finding]:
    services = list(declared.of(*_KINDS))
    bad = [each for each in services if is_stopped(each.body)]
    for each in bad:
        yield Finding(
            status="warn",
            symptom=f"{each} is stopped in git",
            cause=f"the annotation {STOP} is committed: on a fresh cluster it never starts, and a sync stops it again",
            fix=f"edit the file, without the annotation; `aiops pause {each.namespace}/{each.name}` stops the live one",
            **of(each),
            **at(declared.place(each, "metadata", "annotations", STOP)),
        )
    if not services:
        yield skip("the tree has no InferenceService")
    elif not bad:
        yield ok(f"none of {len(services)} InferenceServices is stopped in git")


def _judge(look: Look) -> Iterator[Finding]:
    """Whoever is stopped was meant to be: that it is not Ready, and its application Suspended, is no fault."""
    stopped = [str(ref_of(each)) for each in look.items("inference-services") if is_stopped(each)]
    if stopped:
        yield ok(f"stopped by annotation, and so not Ready, as expected: {', '.join(stopped)}")
    else:
        yield skip("no InferenceService is stopped")


CHECK = Check(
    slug="model-stop-committed",
    group="models",
    title="no InferenceService is stopped in git",
    reads=("inference-services",),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)

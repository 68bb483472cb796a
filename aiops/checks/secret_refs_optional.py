"""Does a container wait for a Secret that nobody makes, or for one that it does not need?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.judge.command_line import CommandLine
from aiops.judge.finding import Finding
from aiops.judge.hub import OFFLINE, is_hub_id, is_offline
from aiops.judge.secret_makers import Makers
from aiops.judge.secret_references import SecretReference, needed

_TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")
"""What huggingface_hub shows the hub (its constants.py)."""
_WAITS = "its pod stays in CreateContainerConfigError"


def _lint(declared: Declared) -> Iterator[Finding]:
    references: dict[object, SecretReference] = {}
    for each in needed(declared):  # what mends the first variable of a Secret mends the others
        references.setdefault((str(each.manifest), each.container.path, each.secret), each)
    makers = Makers(declared)
    flawed = [found for each in references.values() if (found := _finding(declared, makers, each))]
    yield from flawed
    if not references:
        yield skip("no container of the tree needs a Secret to start")
    elif not flawed:
        yield ok(f"the Secrets that {len(references)} containers need to start are made by the tree")


def _finding(declared: Declared, makers: Makers, reference: SecretReference) -> Finding | None:
    manifest, secret = reference.manifest, reference.secret
    on = manifest.application not in declared.off
    where = {**of(manifest), **at(declared.place(manifest, *reference.path))}
    who = f"container {reference.container.name} of {manifest} does not start without Secret {secret}"
    if not makers.may_make(manifest.namespace, secret, within_on=on):
        return Finding(
            status="warn",
            symptom=f"{who}, which nothing {'that is switched on' if declared.off else 'in the tree'} makes",
            cause=f"until somebody makes it by hand in namespace {manifest.namespace}, {_WAITS}",
            fix="add an ExternalSecret that makes it, or set optional: true at the reference",
            **where,
        )
    if reference.variable in _TOKENS and (why := _needs_no_hub(reference)):
        return Finding(
            status="warn",
            symptom=f"{who} for {reference.variable}, which it does not need: {why}",
            cause=f"a token is for gated models alone, and where nobody has put one into the secret store, {_WAITS}",
            fix=f"set optional: true at the secretKeyRef of {reference.variable}",
            **where,
        )
    return None


def _needs_no_hub(reference: SecretReference) -> str:
    """Why nothing of it comes from Hugging Face; empty where something may."""
    if is_offline(reference.container, OFFLINE[0]):
        return f"{OFFLINE[0]} keeps it from Hugging Face"
    line = CommandLine(reference.container.body)
    model = line.option("--model", "--model-id") or line.served()
    if model.startswith("/") and not is_hub_id(line.option("--tokenizer")):
        return f"its model is in {model}"
    return ""


CHECK = Check(
    slug="secret-refs-optional",
    group="secrets",
    title="no container waits for a Secret that nobody makes, or that it does not need",
    lint=_lint,
)

"""Do models start without asking Hugging Face's hub?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.containers import Placed, containers_of
from aiops.gitops.declared import Declared, Manifest
from aiops.judge.downloads import container_flaws, uri_flaws
from aiops.judge.finding import Evidence, Finding
from aiops.judge.hub import OFFLINE
from aiops.judge.phases.last_words import MEANINGS, key_of
from aiops.judge.pod import AGAIN, ending, restarts, statuses, template
from aiops.judge.weights import Flaw, flaws, model_of
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_OF_THE_HUB = {
    "rate-limited": (
        "Hugging Face turns the addresses of a cluster away that ask too often (429); a token does not change that",
        f"set {' and '.join(f'{name}=1' for name in OFFLINE)} in the server, and let an init container fill its volume",
    ),
    "not-staged": (
        "it may not go to Hugging Face, and its volume does not hold what it looks for",
        "set the same model id, HF_HOME and volume in the init container that fetches its weights",
    ),
    "hub-unreachable": (
        "a NetworkPolicy, the egress or DNS keeps it from huggingface.co",
        "set up a volume that holds its weights, or let the pod out to huggingface.co",
    ),
}
"""By id of judge.phases.last_words: the cause, and the fix."""


def _lint(declared: Declared) -> Iterator[Finding]:
    placed = list(containers_of(declared))
    servers = [each for each in placed if model_of(each.container)]
    bad = [
        *(_of_container(declared, each, flaw) for each in servers for flaw in flaws(each.pods, each.container)),
        *(
            _of_container(declared, each, flaw)
            for each in placed
            for flaw in container_flaws(each.pods, each.container)
        ),
        *(
            _finding(declared, each, flaw, f"{each}")
            for each in declared.of("InferenceService", "LLMInferenceService")
            for flaw in uri_flaws(each.body)
        ),
    ]
    yield from bad
    if not servers and not bad:
        yield skip("no model server of the tree is started with an id of Hugging Face's hub")
    elif not bad:
        yield ok(f"{len(servers)} model servers start without Hugging Face's hub")


def _of_container(declared: Declared, placed: Placed, flaw: Flaw) -> Finding:
    return _finding(declared, placed.manifest, flaw, str(placed))


def _finding(declared: Declared, manifest: Manifest, flaw: Flaw, who: str) -> Finding:
    return Finding(
        status=flaw.status,
        symptom=f"{who} {flaw.text}",
        cause=flaw.cause,
        fix=flaw.fix,
        **of(manifest),
        **at(declared.place(manifest, *flaw.path)),
    )


def _judge(look: Look) -> Iterator[Finding]:
    said = look.value("last-words")
    bad = [
        _failed(pod, status, meaning)
        for pod in look.items("pods")
        for status in statuses(pod)
        if (meaning := _meaning(pod, status, said.get(key_of(pod, status["name"]), ())))
    ]
    yield from bad
    if not bad:
        yield ok("no container has failed for want of what it fetches from Hugging Face")


def _meaning(pod: Json, status: Json, ids: tuple[str, ...]) -> str:
    """Of a line that both may mean, a container that may not go to the hub decides."""
    found = [each for each in ids if each in _OF_THE_HUB]
    names = {each.get("name") for each in template(pod, status["name"]).get("env") or ()}
    offline = "not-staged" in found and bool(names & set(OFFLINE))
    return "not-staged" if offline else next(iter(found), "")


def _failed(pod: Json, status: Json, meant: str) -> Finding:
    meaning, name = next(each for each in MEANINGS if each.id == meant), status["name"]
    cause, fix = _OF_THE_HUB[meant]
    return Finding(
        status="warn" if meaning.patient and restarts(status) < AGAIN else "fail",
        symptom=f"container {name} of {ref_of(pod)} ended: {meaning.cause}",
        cause=cause,
        about=str(ref_of(pod)),
        fix=fix,
        evidence=(Evidence(f"log of {name}", meant, ending(status).get("finishedAt") or ""),),
    )


CHECK = Check(
    slug="weights-offline",
    group="models",
    title="models start without asking Hugging Face's hub",
    reads=("pods", "last-words"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)

"""Is every store ready that the platform's ExternalSecrets read?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.declared import Declared
from aiops.gitops.placeholder import placeholder
from aiops.judge.age import age_s
from aiops.judge.external_secret import Wanted, wanted
from aiops.judge.fields import as_evidence, condition, is_true, said
from aiops.judge.finding import Finding
from aiops.judge.profiles import asked
from aiops.snapshot import Json
from aiops.snapshot.look import Look

Store = tuple[str, str, str]
KINDS = ("ClusterSecretStore", "SecretStore")
FIRST_LOOK_S = 120.0


def _lint(declared: Declared) -> Iterator[Finding]:
    stores = [each for each in declared.of(*KINDS) if each.document.group == "external-secrets.io"]
    bad = [(each, why) for each in stores if (why := placeholder(declared, each))]
    for each, why in bad:
        yield Finding(
            status="fail",
            symptom=f"{each} is a placeholder: {why}",
            cause="it was rendered for a backend that nobody has written down yet: no ExternalSecret can be synced",
            fix="set spec.provider to the secret backend of the platform, then commit and push it",
            **of(each),
            **at(declared.place(each, "spec", "provider")),
        )
    if not stores:
        yield skip("the tree holds no secret store")
    elif not bad:
        yield ok(f"{', '.join(map(str, stores))} {'names its' if len(stores) == 1 else 'name their'} provider")


def _judge(look: Look) -> Iterator[Finding]:
    users: dict[Store, list[Wanted]] = {}
    for each in wanted(look):
        if each.store[2]:
            users.setdefault(each.store, []).append(each)
    if not users:
        yield skip("no application of these layers has an ExternalSecret that names a store")
        return
    bodies = (*look.items("cluster-secret-stores"), *look.items("secret-stores"))
    there = {_key(body): body for body in bodies}
    bad = [store for store in users if not is_true(there.get(store, {}), "Ready")]
    for store in bad:
        yield _finding(look, store, there.get(store), users[store])
    if not bad:
        yield ok(f"{', '.join(map(_name, users))} is ready" if len(users) == 1 else f"{len(users)} stores are ready")


def _finding(look: Look, store: Store, body: Json | None, users: list[Wanted]) -> Finding:
    kind, namespace, name = store
    ready = condition(body or {}, "Ready")
    where = f"-n {namespace} " if namespace else ""
    age = age_s(look.at, (body or {}).get("metadata", {}).get("creationTimestamp"))
    return Finding(
        status="warn" if age is not None and age < FIRST_LOOK_S else "fail",
        symptom=f"{_name(store)} is not {'ready' if body else 'on the cluster'}: {len(users)} ExternalSecrets read it",
        cause=said(ready)
        or ("no controller has looked at it" if body else "the application that deploys it is not synced"),
        about=_name(store),
        fix=f"kubectl {where}describe {kind.lower()} {name}" if body else f"aiops wait{asked(look)}",
        evidence=as_evidence(ready),
    )


def _key(body: Json) -> Store:
    meta = body["metadata"]
    return body["kind"], meta.get("namespace", ""), meta["name"]


def _name(store: Store) -> str:
    kind, namespace, name = store
    return f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"


CHECK = Check(
    slug="secret-stores-ready",
    group="secrets",
    title="every store that an ExternalSecret reads is ready",
    reads=("plan", "applications", "external-secrets", "secret-stores", "cluster-secret-stores", "config"),
    needs=("git-readable", "argocd-installed"),
    judge=_judge,
    lint=_lint,
)

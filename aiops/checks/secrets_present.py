"""Is the Secret of every ExternalSecret there? Its metadata alone is read."""

from collections.abc import Iterator

from aiops.checks.check import Check, ok, skip
from aiops.judge.external_secret import wanted
from aiops.judge.fields import is_true
from aiops.judge.finding import Finding
from aiops.snapshot.look import Look, NotRead


def _judge(look: Look) -> Iterator[Finding]:
    made = [each for each in wanted(look) if each.secret and is_true(each.body or {}, "Ready")]
    try:
        secrets = look.items("secrets")
    except NotRead as error:
        if not error.unread.refused:
            raise
        yield Finding(
            status="unknown",
            symptom=f"this user may not {error.unread.refused}",
            cause="a right of its own, because it lets read every Secret: ClusterRole aiops-doctor-secrets",
            fix="have it bound to you, or leave this check out with `--skip secrets-present`",
        )
        return
    there = {(body["metadata"]["namespace"], body["metadata"]["name"]) for body in secrets}
    if not made:
        yield skip("no ExternalSecret of these layers has made a Secret")
        return
    missing = [each for each in made if (each.namespace, each.secret) not in there]
    for each in missing:
        yield Finding(
            status="fail",
            symptom=f"Secret {each.namespace}/{each.secret} is not there, and {each} should have made it",
            cause="somebody deleted it: it comes back when its ExternalSecret is refreshed, by default within an hour",
            about=f"Secret {each.namespace}/{each.secret}",
            owner=each.owner,
            fix=f'kubectl -n {each.namespace} annotate externalsecret {each.name} force-sync="$(date +%s)" --overwrite',
        )
    if not missing:
        yield ok(f"the Secrets of {len(made)} ExternalSecrets are there")


CHECK = Check(
    slug="secrets-present",
    group="secrets",
    title="the Secret of every ExternalSecret is there",
    reads=("plan", "applications", "external-secrets", "secrets"),
    needs=("git-readable", "argocd-installed", "secret-stores-ready", "external-secrets-synced"),
    judge=_judge,
)

"""`root` and `resolve` refuse what git or the cluster is not ready for, before anything is written."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.scenarios.cluster import get
from tests.scenarios.conftest import Operator

GROUPS, APPSET = "clusters/lab/groups.generated.yaml", "clusters/lab/appsets/demos.yaml"


@pytest.fixture
def desk(standing: Operator) -> Iterator[Operator]:
    """The standing platform, and a checkout that is cleaned up afterwards."""
    head = standing.repository.head()
    yield standing
    standing.repository.reset(head)


def versions(operator: Operator) -> str:
    """Every ApplicationSet's generation: what a write of its spec would move."""
    template = "jsonpath={range .items[*]}{.metadata.name}={.metadata.generation} {end}"
    return operator.cluster.kubectl("-n", "argocd", "get", "applicationsets", "-o", template)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("stale", "is not what the config asks for"),
        ("empty", "Argo CD would prune"),
        ("absent", "Argo CD would prune"),
        ("uncommitted", "not committed: clusters/lab/groups.generated.yaml"),
        ("unpushed", "holds another clusters/lab/groups.generated.yaml than this checkout"),
    ],
)
def test_git_is_not_ready(desk: Operator, state: str, words: str) -> None:
    before, repository = versions(desk), desk.repository
    if state == "stale":
        repository.edit(GROUPS, lambda text: text.replace('demos, enabled: "true"', 'demos, enabled: "false"'))
    elif state == "empty":
        repository.write(GROUPS, "")
    elif state == "absent":
        (repository.work / GROUPS).unlink()
    else:
        repository.edit("config.yaml", lambda text: text.replace("demos: true", "demos: false"))
        assert desk("resolve", "--prune").code == 0
        if state == "unpushed":
            repository.commit()
    outcome = desk("root", "--profile", "full")
    assert outcome.code in (2, 3), outcome
    assert words in outcome.text, outcome
    assert versions(desk) == before


def test_resolve_names_what_a_change_would_delete(desk: Operator) -> None:
    desk.repository.edit("config.yaml", lambda text: text.replace("demos: true", "demos: false"))
    before = desk.repository.read(GROUPS)
    check = desk("resolve", "--check")
    assert check.code == 3, check
    refused = desk("resolve")
    assert refused.code == 3, refused
    assert re.search(
        r"demos: echo, kserve-demo, which hold Deployment \S+/echo, InferenceService \S+/qwen-cpu", refused.text
    ), refused
    assert desk.repository.read(GROUPS) == before
    assert desk("resolve", "--prune").code == 0
    assert desk("resolve", "--check").code == 0


def test_it_takes_over_from_kubectl_apply(desk: Operator) -> None:
    """The fields of an earlier client-side apply, one that the file no longer holds included."""
    text = desk.repository.read(APPSET)
    older = text.replace("spec:\n", "spec:\n  syncPolicy: {preserveResourcesOnDeletion: true}\n", 1)
    desk.cluster.kubectl("-n", "argocd", "delete", "applicationset", "layer-demos", "--cascade=orphan")
    desk.cluster.kubectl("apply", "-f", "-", text=older)
    outcome = desk("root", "--profile", "full")
    assert outcome.code == 0, outcome
    assert "layer-demos: took its fields over from `kubectl apply`" in outcome.text, outcome
    assert "syncPolicy" not in get(desk.cluster, "applicationset", "layer-demos")["spec"]


def test_somebody_elses_field_is_not_taken_silently(desk: Operator) -> None:
    theirs = json.dumps({"spec": {"goTemplateOptions": ["missingkey=default"]}})
    desk.cluster.kubectl("-n", "argocd", "patch", "applicationset", "layer-demos", "--type=merge", "-p", theirs,
                         "--field-manager=somebody")  # fmt: skip
    outcome = desk("root", "--profile", "full")
    assert outcome.code == 3, outcome
    assert re.search(r"layer-demos could not be applied: .*somebody", outcome.text), outcome
    assert "not applied: layer-demos" in outcome.text, outcome
    assert desk("root", "--profile", "full", "--force-conflicts").code == 0
    assert get(desk.cluster, "applicationset", "layer-demos")["spec"]["goTemplateOptions"] == ["missingkey=error"]


def test_the_other_generated_files_must_match(desk: Operator) -> None:
    desk.repository.edit("config.yaml", lambda text: text.replace("secret_backend: fake", "secret_backend: gcpsm"))
    outcome = desk("resolve", "--check")
    assert outcome.code == 3, outcome
    assert re.search(r"clustersecretstore.yaml: secret_backend: gcpsm needs gcpsm, found fake", outcome.text), outcome


def test_the_target_is_proven(desk: Operator) -> None:
    """By the config's context, or else by what the ApplicationSets on the cluster read."""
    desk.repository.edit("config.yaml", lambda text: text.replace(f"  context: {desk.cluster.context}\n", ""))
    desk.repository.commit()
    assert desk("root", "--profile", "full", "--dry-run").code == 0
    other = desk("root", "--context", "prod")
    assert other.code == 2, other
    assert "no context `prod`" in other.text, other


def test_a_context_that_the_config_does_not_name(desk: Operator) -> None:
    outcome = desk("root", "--context", "prod")
    assert outcome.code == 2, outcome
    assert "--context prod is not the context that" in outcome.text, outcome


def test_another_platforms_cluster_is_refused(desk: Operator) -> None:
    before = versions(desk)
    desk.repository.edit("config.yaml", lambda text: text.replace(f"  context: {desk.cluster.context}\n", ""))
    desk.repository.replace(desk.repository.url, desk.repository.clone())
    outcome = desk("wait")
    assert outcome.code == 2, outcome
    assert "runs another platform: its ApplicationSets read" in outcome.text, outcome
    assert desk("wait", "--context", desk.cluster.context).code == 2, "a word of the operator does not make it ours"
    assert versions(desk) == before


def test_an_empty_cluster_needs_a_name(run: Operator) -> None:
    run.repository.edit("config.yaml", lambda text: text.replace(f"  context: {run.cluster.context}\n", ""))
    run.repository.push()
    outcome = run("root")
    assert outcome.code == 2, outcome
    assert f"say so with --context {run.cluster.context}" in outcome.text, outcome
    assert (
        run.cluster.kubectl("-n", "argocd", "get", "appprojects", "-o", "name").strip()
        == "appproject.argoproj.io/default"
    )
    assert run("root", "--context", run.cluster.context).code == 0

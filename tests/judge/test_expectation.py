"""What must stand for a profile, from the files at one commit."""

import pytest

from aiops.gitops.files import Commit
from aiops.gitops.tree import read_tree
from aiops.judge.expectation import Expected, expected_applications
from tests.judge.layers import INSIDE, TREE, of

OURS = "https://git.example.com/acme/platform.git"
APP = "catalog/ground/app.yaml"


def expectations(changes: dict[str, str] | None = None, heads: dict[str, str] | None = None) -> dict[str, Expected]:
    files = Commit("0123456789abcdef", {**TREE, **(changes or {})})
    tree = read_tree(files, "lab")
    found = expected_applications(tree, files, INSIDE, lambda url: url == OURS, heads or {"main": "c0ffee"})
    return {each.name: each for each in found}


def application(source: str, policy: str = "{}") -> dict[str, str]:
    body = f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: app-ground}}\nspec:\n  {source}\n"
    return {APP: f"{body}  syncPolicy: {policy}\n"}


def test_layer_by_layer_the_group_before_its_applications() -> None:
    assert list(expectations()) == ["group-ground", "app-ground", "group-walls", "app-walls"]


def test_a_group_application() -> None:
    assert expectations()["group-walls"] == Expected(
        name="group-walls",
        layer="walls",
        group="walls",
        automatic=True,
        made_by="ApplicationSet layer-walls",
        path="catalog/walls",
        heads={0: ("main", "c0ffee")},
        kind="group",
    )


def test_an_application() -> None:
    assert expectations()["app-walls"] == Expected(
        name="app-walls",
        layer="walls",
        group="walls",
        automatic=False,
        made_by="application group-walls",
        heads={0: ("main", "c0ffee")},
    )


@pytest.mark.parametrize(
    ("policy", "automatic"),
    [("{}", False), ("{automated: {}}", True), ("{automated: {enabled: false}}", False), ("{automated: null}", False)],
)
def test_automatic(policy: str, automatic: bool) -> None:
    source = f"source: {{repoURL: {OURS}, path: x, targetRevision: main}}"
    assert expectations(application(source, policy))["app-ground"].automatic is automatic


def test_only_our_own_sources_are_held_against_a_commit() -> None:
    ours, chart = f"repoURL: {OURS}, path: x, targetRevision", "repoURL: https://charts.example.com, chart: c"
    theirs = "repoURL: https://git.example.com/theirs.git, path: x, targetRevision"
    each = (f"{chart}, targetRevision: 1.2.3", f"{theirs}: main", f"{ours}: main", f"{ours}: v1", f"{ours}: 'v1.*'")
    sources = f"sources: [{', '.join(f'{{{source}}}' for source in each)}]"
    found = expectations(application(sources), {"main": "c0ffee", "v1": "beef"})["app-ground"]
    assert found.heads == {2: ("main", "c0ffee"), 3: ("v1", "beef")}


@pytest.mark.parametrize(
    ("kustomization", "sources", "may"),
    [
        ("resources: []", "[{OURS}]", True),
        ("resources: [x.yaml]", "[{OURS}]", False),
        (None, "[{OURS}]", False),
        ("resources: []", "[{OURS}, {CHART}]", False),
        ("resources: []", "[{OURS}, {VALUES}]", True),
        ("resources: []", "[{THEIRS}]", False),
    ],
    ids=["declares none", "lists one", "no such folder", "with a chart", "with a values source", "not our files"],
)
def test_empty_only_where_the_files_declare_it(kustomization: str | None, sources: str, may: bool) -> None:
    known = {
        "OURS": f"repoURL: {OURS}, path: none, targetRevision: main",
        "CHART": "repoURL: https://charts.example.com, chart: c, targetRevision: 1.2.3",
        "VALUES": f"repoURL: {OURS}, ref: values, targetRevision: main",
        "THEIRS": "repoURL: https://git.example.com/x.git, path: none, targetRevision: main",
    }
    for name, text in known.items():
        sources = sources.replace(f"{{{name}}}", f"{{{text}}}")
    files = {"none/kustomization.yaml": kustomization} if kustomization else {}
    changes = {**application(f"sources: {sources}"), **files, "none/x.yaml": of("x.dev")}
    if kustomization is None:
        del changes["none/x.yaml"]
    assert expectations(changes)["app-ground"].may_be_empty is may

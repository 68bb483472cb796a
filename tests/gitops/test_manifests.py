import posixpath

import pytest

from aiops.errors import TreeError
from aiops.gitops.directory import DIRECT, Directory
from aiops.gitops.document import Unread
from aiops.gitops.manifests import declares_nothing, documents, holds_kind, unread
from aiops.gitops.tree import read_tree
from tests.gitops.trees import GROUPS, URL, application, commit

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, namespace: own}\n"


def names(files: dict[str, str], folder: str = "app", directory: Directory = DIRECT) -> list[str]:
    return [document.name for document in documents(commit(files, {}), folder, directory)]


def test_a_plain_folder_is_its_direct_manifests() -> None:
    files = {
        "app/a.yaml": MAP % "a" + "---\n" + MAP % "b" + "---\n# nothing\n",
        "app/c.yml": MAP % "c",
        "app/d.json": '\t{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "d"}}',
        "app/list.yaml": "kind: List\nitems: [{apiVersion: v1, kind: Pod, metadata: {name: p}}]\n",
        "app/values.yaml": "replicaCount: 1\n---\napiVersion: v2\nname: chart\n",
        "app/README.md": MAP % "x",
        "app/deep/e.yaml": MAP % "e",
        "apple/f.yaml": MAP % "f",
    }
    assert names(files) == ["a", "b", "c", "d", "p"]
    assert names(files, directory=Directory(recurse=True)) == ["a", "b", "c", "d", "e", "p"]


@pytest.mark.parametrize(
    ("directory", "found"),
    [
        (Directory(include="*.yaml"), ["a"]),
        (Directory(include="*.yaml", recurse=True), ["a", "c"]),
        (Directory(exclude="{a,b}.*", recurse=True), ["c", "d"]),
        (Directory(include="{deep/*,b*}", exclude="deep/d*", recurse=True), ["b", "c"]),
    ],
)
@pytest.mark.parametrize("folder", ["app", "."])
def test_a_plain_folder_is_what_its_source_takes_of_it(folder: str, directory: Directory, found: list[str]) -> None:
    within = {"a.yaml": "a", "b.yml": "b", "deep/c.yaml": "c", "deep/d.yml": "d"}
    files = {posixpath.normpath(f"{folder}/{path}"): MAP % name for path, name in within.items()}
    assert names(files, folder, directory) == found


def test_who_says_how_has_plain_manifests_whatever_else_is_there() -> None:
    files = {"app/kustomization.yaml": "resources: [a.yaml]\n", "app/Chart.yaml": "name: x\n", "app/a.yaml": MAP % "a",
             "app/deep/b.yaml": MAP % "b"}  # fmt: skip
    assert names(files) == ["a"]
    assert names(files, directory=Directory(recurse=True)) == ["a", "b"]
    assert names(files, directory=Directory(include="deep/*")) == []


@pytest.mark.parametrize("folder", ["app", "."])
def test_a_folder_that_declares_nothing_is_one_of_which_nothing_is_taken(folder: str) -> None:
    files = commit({posixpath.normpath(f"{folder}/deep/a.yaml"): MAP % "a"}, {})
    assert declares_nothing(files, folder)
    assert not declares_nothing(files, folder, Directory(recurse=True))
    assert declares_nothing(files, folder, Directory(recurse=True, exclude="deep/*"))
    chart = commit({posixpath.normpath(f"{folder}/Chart.yaml"): "name: x\n"}, {})
    assert not declares_nothing(chart, folder)
    assert [each.what for each in unread(chart, folder)] == ["a Helm chart"]


def test_a_document_knows_who_it_is() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, namespace: n}\n"
    (found,) = documents(commit({"app/d.yaml": text}, {}), "app")
    assert (found.group, found.version, found.kind, found.name, found.namespace) == (
        "apps",
        "v1",
        "Deployment",
        "d",
        "n",
    )
    assert (found.file, found.patch) == ("app/d.yaml", False)


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_kustomization_lists_files_and_folders_then_patches(name: str) -> None:
    files = {
        f"app/{name}": "namespace: moved\nresources: [a.yaml, ../base]\npatches: [{path: p.yaml}]\n",
        "app/a.yaml": MAP % "a",
        "app/unlisted.yaml": MAP % "x",
        "app/p.yaml": MAP % "a",
        "base/kustomization.yaml": "bases: [./deeper/]\nresources: [b.yaml]\n",
        "base/b.yaml": MAP % "b",
        "base/deeper/kustomization.yaml": "resources: [c.yaml]\n",
        "base/deeper/c.yaml": MAP % "c",
    }
    found = documents(commit(files, {}), "app")
    assert [(d.name, d.namespace, d.patch) for d in found] == [
        ("a", "moved", False),
        ("b", "moved", False),
        ("c", "moved", False),
        ("a", "own", True),
    ]


def test_what_only_a_renderer_knows() -> None:
    text = "resources: [https://x.example.com/a.yaml, github.com/a/b]\nhelmCharts: [{name: c}]\n"
    text += "patches: [{path: p.yaml, target: {labelSelector: a=b}}]\n"
    files = commit({"app/kustomization.yaml": text, "chart/Chart.yaml": "name: c", "chart/v.yaml": MAP % "v"}, {})
    assert documents(files, "app") == documents(files, "chart") == ()
    assert [found.what for found in unread(files, "app")] == [
        "https://x.example.com/a.yaml",
        "github.com/a/b",
        "helmCharts",
        "a patch by selector",
    ]
    assert unread(files, "chart") == (Unread("a Helm chart", "chart/Chart.yaml"),)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"app/kustomization.yaml": "resources: [b.yaml]\n"}, "app/kustomization.yaml: lists `b.yaml`"),
        ({"app/kustomization.yaml": "resources: [../app]\n"}, "leads back to itself"),
        ({"app/kustomization.yaml": "patches: [{path: p.yaml}]\n"}, "the patch app/p.yaml is not in"),
        ({"app/kustomization.yaml": "- a\n"}, "a kustomization is one mapping"),
        ({"app/a.yaml": "a: b\nc: [\n"}, r"app/a\.yaml:3: is not YAML"),
        ({"app/a.json": "{\n'a'}"}, r"app/a\.json:2: is not JSON"),
    ],
)
def test_a_folder_that_cannot_be_understood(files: dict[str, str], expected: str) -> None:
    with pytest.raises(TreeError, match=expected):
        documents(commit(files, {}), "app")


def test_words_that_yaml_has_and_kubernetes_has_not() -> None:
    text = MAP % "a" + "data: {when: 2026-01-01, operator: =}\n"
    (found,) = documents(commit({"app/a.yaml": text}, {}), "app")
    assert found.body["data"] == {"when": "2026-01-01", "operator": "="}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"app/kustomization.yaml": "kind: Kustomization\nresources: []\n"}, True),
        ({"app/kustomization.yaml": "# switched off\n"}, True),
        ({"app/a.yaml": "# switched off\n"}, True),
        ({"app/kustomization.yaml": "helmCharts: [{name: a}]\n"}, False),
        ({"app/Chart.yaml": "name: a\n"}, False),
        ({"app/a.yaml": MAP % "a"}, False),
        ({}, False),
    ],
)
def test_declares_nothing(files: dict[str, str], expected: bool) -> None:
    assert declares_nothing(commit(files, {}), "app") is expected


CRD = """\
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec: {group: example.com, names: {kind: Thing}}
"""
THING = "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\n"


@pytest.mark.parametrize(
    ("files", "url", "expected"),
    [
        ({"own/crd.yaml": CRD, "own/thing.yaml": THING}, URL, "crd"),
        ({"own/thing.yaml": THING}, URL, "group"),
        ({"own/crd.yaml": CRD.replace("kind: Thing", "kind: Other")}, URL, None),
        ({"own/crd.yaml": CRD}, "https://charts.example.com", None),
        ({"elsewhere/crd.yaml": CRD}, URL, None),
    ],
)
def test_holds_kind(files: dict[str, str], url: str, expected: str | None) -> None:
    source = f"{{source: {{repoURL: {url}, path: own/}}}}"
    tree_files = commit({**files, "parts/red/deep/apps.yaml": application("a", source)})
    tree = read_tree(tree_files, "violet")
    assert holds_kind(tree, tree_files, "ground", "example.com", "Thing") == expected


def test_a_disabled_group_brings_nothing() -> None:
    source = application("a", f"{{source: {{repoURL: {URL}, path: own}}}}")
    files = commit(
        {
            "own/crd.yaml": CRD,
            "parts/red/deep/apps.yaml": source,
            "generated/choice.yaml": GROUPS.replace("true", "no"),
        }
    )
    assert holds_kind(read_tree(files, "violet"), files, "ground", "example.com", "Thing") is None

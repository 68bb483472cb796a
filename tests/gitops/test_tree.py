import pytest

from aiops.errors import TreeError
from aiops.gitops.tree import read_tree
from tests.gitops.trees import APPSET, GROUPS, URL, application, commit


def test_a_tree_with_names_of_its_own() -> None:
    tree = read_tree(commit(), "violet")
    (layer,) = tree.layers
    assert (layer.name, layer.repo_url, layer.revision) == ("ground", URL, "trunk")
    assert layer.groups_file == "generated/choice.yaml"
    assert [(g.name, g.enabled, g.catalog_path, g.application) for g in tree.groups] == [
        ("red", True, "parts/red", "set-red"),
        ("grey", False, "parts/grey", "set-grey"),
    ]
    assert [(app.name, app.group, app.layer, app.file) for app in tree.applications] == [
        ("iron", "red", "ground", "parts/red/deep/apps.yaml"),
        ("zinc", "red", "ground", "parts/red/deep/apps.yaml"),
        ("iron", "grey", "ground", "parts/grey/apps.yaml"),
    ]
    assert [app.name for app in tree.applications_in(("ground",))] == ["iron", "zinc"]
    assert [group.name for group in tree.group_applications(("ground",))] == ["red"]
    assert [project["metadata"]["name"] for project in tree.projects] == ["p"]
    assert tree.where == "commit 01234567"


def test_layers_and_applications_come_in_the_order_asked_for() -> None:
    upper = APPSET.replace("layer: ground", "layer: sky")
    files = commit({"clusters/violet/appsets/upper.yml": upper, "parts/other/a.yaml": application("acid")})
    tree = read_tree(files, "violet")
    assert [layer.name for layer in tree.layers_of(("sky", "ground"))] == ["sky", "ground"]
    assert [app.name for app in tree.applications_in(("sky", "ground"))] == ["acid", "iron", "zinc"]
    assert [app.name for app in tree.applications_in(("ground", "sky"))] == ["iron", "zinc", "acid"]
    with pytest.raises(TreeError, match="no ApplicationSet for layer `skye`; did you mean `sky`"):
        tree.layers_of(("skye",))


def test_without_a_layer_label_the_file_names_the_layer_and_all_entries_are_its_own() -> None:
    appset = APPSET.replace(", layer: ground", "")
    tree = read_tree(commit({"clusters/violet/appsets/bottom.yaml": appset}), "violet")
    assert [layer.name for layer in tree.layers] == ["bottom"]
    assert [(group.name, group.enabled) for group in tree.groups] == [
        ("red", True),
        ("grey", False),
        ("other", True),
    ]


def test_the_selector_alone_says_what_enabled_means() -> None:
    appset = APPSET.replace('enabled: "true"', "folder: parts/grey")
    tree = read_tree(commit({"clusters/violet/appsets/bottom.yaml": appset}), "violet")
    assert [(group.name, group.enabled) for group in tree.groups] == [("red", False), ("grey", True)]


def test_an_unquoted_boolean_is_the_string_that_the_selector_sees() -> None:
    tree = read_tree(commit({"generated/choice.yaml": GROUPS.replace('"', "")}), "violet")
    assert [group.enabled for group in tree.groups] == [True, False]


@pytest.mark.parametrize(
    ("go", "template", "expected"),
    [
        ("true", "a-{{.name}}-{{ .layer }}", "a-red-ground"),
        ("false", "a-{{name}}-{{ layer }}", "a-red-ground"),
        ("true", "{{name}}", None),
        ("false", "{{.name}}", None),
        ("true", "{{.name | upper}}", None),
        ("true", "{{.absent}}", None),
    ],
)
def test_a_template(go: str, template: str, expected: str | None) -> None:
    path = "{{.folder}}" if go == "true" else "{{folder}}"
    appset = APPSET.replace("goTemplate: true", f"goTemplate: {go}").replace("{{ .folder }}/", path)
    files = commit({"clusters/violet/appsets/bottom.yaml": appset.replace("set-{{.name}}", template)})
    if expected:
        assert read_tree(files, "violet").groups[0].application == expected
    else:
        with pytest.raises(TreeError) as caught:
            read_tree(files, "violet")
        where = "clusters/violet/appsets/bottom.yaml"
        assert caught.value.message == f"{where}: cannot render the template `{template}` for group red"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("- git:", "- list:"),
        ("[{path: generated/choice.yaml}]", "[{path: a}, {path: b}]"),
        ("{matchLabels:", "{matchExpressions: [{key: a, operator: Exists}], matchLabels:"),
    ],
)
def test_a_generator_that_is_not_understood(old: str, new: str) -> None:
    files = commit({"clusters/violet/appsets/bottom.yaml": APPSET.replace(old, new)})
    with pytest.raises(TreeError, match=r"clusters/violet/appsets/bottom\.yaml: "):
        read_tree(files, "violet")


@pytest.mark.parametrize("text", ["", "[]", "{}", "# nothing\n", "- red\n", "- {layer: ground}\n", "[]\n---\n[]"])
def test_a_groups_file_that_would_prune(text: str) -> None:
    with pytest.raises(TreeError, match=r"generated/choice\.yaml .*would prune .* a whole layer"):
        read_tree(commit({"generated/choice.yaml": text}), "violet")


def test_a_groups_file_that_is_not_there() -> None:
    appset = APPSET.replace("generated/choice", "generated/moved")
    with pytest.raises(TreeError, match=r"generated/moved\.yaml .*would prune"):
        read_tree(commit({"clusters/violet/appsets/bottom.yaml": appset}), "violet")


def test_one_name_in_two_enabled_groups() -> None:
    groups = GROUPS.replace('"false"', '"true"')
    with pytest.raises(TreeError) as caught:
        read_tree(commit({"generated/choice.yaml": groups}), "violet")
    assert caught.value.message == (
        "application `iron` is declared twice: parts/red/deep/apps.yaml and parts/grey/apps.yaml"
    )


def test_one_layer_in_two_files() -> None:
    with pytest.raises(TreeError, match="layer `ground` is declared twice"):
        read_tree(commit({"clusters/violet/appsets/again.yaml": APPSET}), "violet")


def test_an_unknown_environment() -> None:
    with pytest.raises(TreeError) as caught:
        read_tree(commit(), "violett")
    assert caught.value.message.endswith("in clusters/violett/appsets; did you mean `violet`?")
    assert caught.value.hint == "environments there: violet"


def test_a_file_that_does_not_parse() -> None:
    with pytest.raises(TreeError, match=r"parts/red/bad\.yaml:2: is not YAML"):
        read_tree(commit({"parts/red/bad.yaml": "a:\n  b: c: d\n"}), "violet")


@pytest.mark.parametrize(
    ("policy", "automatic"),
    [
        ("{automated: {prune: true}}", True),
        ("{automated: {}}", True),
        ("{automated: {enabled: true}}", True),
        ("{automated: {enabled: false, prune: true}}", False),
        ("{automated: null}", False),
        ("{syncOptions: [A=true]}", False),
        ("null", False),
    ],
)
def test_automatic(policy: str, automatic: bool) -> None:
    files = commit({"parts/red/deep/apps.yaml": application("iron", f"{{syncPolicy: {policy}}}")})
    assert read_tree(files, "violet").applications[0].automatic is automatic


def test_sources_destination_and_options() -> None:
    spec = (
        "{destination: {namespace: n}, syncPolicy: {syncOptions: [A=true, B=true]}, sources: ["
        "{repoURL: r, chart: c, targetRevision: 1.2}, {repoURL: r, ref: values}, {repoURL: r, path: p}]}"
    )
    one = "{source: {repoURL: r, path: p, targetRevision: v1}}"
    files = commit({"parts/red/deep/apps.yaml": application("a", spec) + "---\n" + application("b", one)})
    several, single = read_tree(files, "violet").applications[:2]
    assert (several.namespace, several.sync_options) == ("n", ("A=true", "B=true"))
    assert [(s.path, s.chart, s.ref, s.revision) for s in several.sources] == [
        (None, "c", None, "1.2"),
        (None, None, "values", "HEAD"),
        ("p", None, None, "HEAD"),
    ]
    assert [(s.path, s.revision) for s in single.sources] == [("p", "v1")]

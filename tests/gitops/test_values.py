"""Values of charts: files that applications name, files that nobody names, and what Applications hold themselves."""

import pytest

from aiops.errors import TreeError
from aiops.gitops.tree import read_tree
from aiops.gitops.values import Values, values_of
from tests.gitops.trees import application, commit


def found(spec: str, **files: str) -> list[Values]:
    texts = {name.replace("__", "/") + ".yaml": text for name, text in files.items()}
    tree = commit({"parts/red/deep/apps.yaml": application("zinc", spec), **texts})
    return list(values_of(tree, read_tree(tree, "violet").applications_in(("ground",))))


def test_files_that_an_application_names() -> None:
    sources = (
        "{sources: [{path: charts/own, helm: {valueFiles: [more/x.yaml, ../../shared.yaml]}},"
        " {chart: c, helm: {valueFiles: [$here/parts/y.yaml, $here/absent.yaml]}}, {ref: here}]}"
    )
    files = {"charts__own__more__x": "a: 1", "shared": "b: 1", "parts__y": "c: 1", "parts__z": "d: 1"}
    assert [(one.application, one.file) for one in found(sources, **files)] == [
        ("zinc", "charts/own/more/x.yaml"),
        ("zinc", "parts/y.yaml"),
        ("zinc", "shared.yaml"),
    ]


def test_files_that_nobody_names_but_not_the_defaults_of_a_chart_or_a_manifest() -> None:
    files = {
        "x__values": "a: 1",
        "x__values-prod": "b: 1",
        "own__Chart": "name: own",
        "own__values": "c: 1",
        "own__values-ha": "d: 1",
        "y__values": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: values}\n",
    }
    assert [(one.application, one.file, one.path) for one in found("{}", **files)] == [
        ("", "own/values-ha.yaml", ()),
        ("", "x/values-prod.yaml", ()),
        ("", "x/values.yaml", ()),
    ]


@pytest.mark.parametrize(
    ("helm", "body", "where"),
    [
        ("valuesObject: {a: {b: 1}}", {"a": {"b": 1}}, "valuesObject"),
        ('values: "a: {b: 2}"', {"a": {"b": 2}}, "values"),
    ],
)
def test_what_an_application_holds_itself(helm: str, body: object, where: str) -> None:
    assert [(one.path, one.body) for one in found(f"{{source: {{helm: {{{helm}}}}}}}")] == [
        (("spec", "source", "helm", where), body)
    ]
    assert [one.path for one in found(f"{{sources: [{{}}, {{helm: {{{helm}}}}}]}}")] == [
        ("spec", "sources", 1, "helm", where)
    ]


def test_values_that_do_not_parse_name_their_file() -> None:
    with pytest.raises(TreeError, match=r"^parts/red/deep/apps\.yaml: its helm values: "):
        found('{source: {helm: {values: "a: ["}}}')
    with pytest.raises(TreeError, match=r"^x/values\.yaml:\d: is not YAML"):
        found("{}", x__values="a: [")

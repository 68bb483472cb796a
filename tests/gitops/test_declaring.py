"""What a tree declares: what is rendered, what cannot be, what nobody deploys, and who deploys what."""

from collections.abc import Mapping

import pytest

from aiops.gitops.declared import Declared, Manifest, Unrendered
from aiops.gitops.declaring import Meant, declare, to_render
from aiops.gitops.document import document
from aiops.gitops.nodes import Place
from aiops.gitops.tree import read_tree
from tests.gitops.trees import URL, application, commit

HERE = f"{{source: {{repoURL: {URL}, path: apps/zinc/}}, destination: {{namespace: deep}}}}"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"
EVERYTHING = Meant(layers=("ground",), every_group=True)


def declared(
    files: Mapping[str, str], *, spec: str = HERE, rendered: Mapping[str, str | Unrendered] | None = None,
    meant: Meant = EVERYTHING,
) -> Declared:  # fmt: skip
    tree = commit({"parts/red/deep/apps.yaml": application("zinc", spec), **files})
    read = read_tree(tree, "violet")
    wanted = to_render(read, tree, meant)
    assert set(wanted) == set(rendered or {})
    return declare(read, tree, None, meant, rendered or {})


def of(found: Declared, application: str) -> list[tuple[str, str, str]]:
    return [(str(each), each.file, each.namespace) for each in found.manifests if each.application == application]


def test_a_plain_folder_is_its_manifests_in_the_namespace_of_the_application() -> None:
    own = MAP.replace("%s", "b, namespace: own")
    found = declared({"apps/zinc/a.yaml": MAP % "a", "apps/zinc/b.yaml": own, "apps/zinc/deep/c.yaml": MAP % "c"})
    assert of(found, "zinc") == [
        ("ConfigMap deep/a", "apps/zinc/a.yaml", "deep"),
        ("ConfigMap own/b", "apps/zinc/b.yaml", "own"),
    ]
    assert found.unrendered == {}


def test_a_directory_is_read_as_deep_as_argo_cd_does() -> None:
    spec = HERE.replace("path: apps/zinc/", "path: apps/zinc, directory: {recurse: true}")
    found = declared({"apps/zinc/deep/c.yaml": MAP % "c"}, spec=spec)
    assert [name for name, _, _ in of(found, "zinc")] == ["ConfigMap deep/c"]


KUSTOMIZED = {
    "apps/zinc/kustomization.yaml": "namePrefix: my-\nresources: [a.yaml, ab.yaml]\n",
    "apps/zinc/a.yaml": MAP % "a",
    "apps/zinc/ab.yaml": MAP % "ab",
}


def test_a_rendered_object_is_in_the_file_that_declares_it() -> None:
    output = "---\n".join(MAP % name for name in ("my-a", "my-ab", "made"))
    found = declared(KUSTOMIZED, rendered={"apps/zinc": output})
    assert of(found, "zinc") == [
        ("ConfigMap deep/my-a", "apps/zinc/a.yaml", "deep"),
        ("ConfigMap deep/my-ab", "apps/zinc/ab.yaml", "deep"),
        ("ConfigMap deep/made", "apps/zinc/a.yaml", "deep"),
    ]


def test_what_was_not_rendered_has_no_objects_and_says_why() -> None:
    late = Unrendered("kustomize took longer", unasked=True)
    found = declared(KUSTOMIZED, rendered={"apps/zinc": late})
    assert (of(found, "zinc"), found.unrendered) == ([], {"zinc": late})


def test_a_kustomization_that_needs_the_network_is_taken_as_it_is_written() -> None:
    files = {
        **KUSTOMIZED,
        "apps/zinc/kustomization.yaml": "resources: [a.yaml, 'https://x.example.com/b.yaml']\n",
    }
    found = declared(files)
    assert [name for name, _, _ in of(found, "zinc")] == ["ConfigMap deep/a"]
    assert found.unrendered == {"zinc": Unrendered("its kustomization takes in https://x.example.com/b.yaml")}


def test_what_argo_cd_cannot_render_either_is_broken() -> None:
    files = {"apps/zinc/kustomization.yaml": "resources: [absent.yaml]\n"}
    found = declared(files)  # and nobody is asked to render it
    assert found.unrendered["zinc"].broken
    assert "lists `absent.yaml`" in found.unrendered["zinc"].why


@pytest.mark.parametrize(
    ("spec", "files", "why"),
    [
        ("{source: {repoURL: 'https://charts.example.com', chart: redis}}", {}, "the Helm chart redis"),
        (HERE, {"apps/zinc/Chart.yaml": "name: own"}, "a Helm chart of the tree"),
        (HERE.replace(URL, "https://git.example.com/other.git"), {"apps/zinc/a.yaml": MAP % "a"}, None),
    ],
)
def test_charts_and_other_repositories_have_no_objects(spec: str, files: dict[str, str], why: str | None) -> None:
    found = declared(files, spec=spec)
    assert of(found, "zinc") == []
    assert found.unrendered == ({"zinc": Unrendered(why)} if why else {})


def test_what_no_application_deploys_is_there_without_an_owner() -> None:
    files = {
        "apps/zinc/a.yaml": MAP % "a",
        "jobs/load.yaml": MAP % "load",
        "jobs/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n",
        "jobs/template.yaml": "a: [ {{ .Values.x }}",
        "charts/own/x.yaml": MAP % "x",
        "more/Chart.yaml": "name: more",
        "more/templates/y.yaml": MAP % "y",
    }
    assert of(declared(files), "") == [("ConfigMap load", "jobs/load.yaml", "")]


def test_only_the_enabled_groups_where_these_are_meant() -> None:
    files = {"parts/grey/apps.yaml": application("lead", HERE), "apps/zinc/a.yaml": MAP % "a"}
    assert [app.name for app in declared(files).applications] == ["zinc", "lead"]
    assert declared(files).off == {"lead"}
    few = declared(files, meant=Meant(layers=("ground",)))
    assert ([app.name for app in few.applications], few.off) == (["zinc"], frozenset())


# --- asked of it


def test_a_field_is_where_the_patch_of_its_own_application_sets_it() -> None:
    files = {
        "apps/zinc/kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n",
        "apps/zinc/a.yaml": f"{MAP % 'a'}data: {{}}\n",
        "apps/zinc/p.yaml": f"{MAP % 'a'}data:\n  key: x\n",
    }
    found = declared(files, rendered={"apps/zinc": f"{MAP % 'a'}data: {{key: x}}\n"})
    (one,) = found.of("ConfigMap")
    assert found.place(one, "data", "key") == Place("apps/zinc/p.yaml", 5)
    assert found.place(one, "metadata", "name") == Place("apps/zinc/p.yaml", 3)
    owner = found.application(one)
    assert owner
    assert found.place_in(owner, "spec", "destination") == Place("parts/red/deep/apps.yaml", 4)


@pytest.mark.parametrize(("value", "line"), [("valuesObject: {a: {b: 1}}", 5), ("valueFiles: [$ref/x.yaml]", 2)])
def test_a_value_is_where_it_is_written(value: str, line: int) -> None:
    spec = f"\n  {{source: {{chart: c, repoURL: '', helm: {{{value}}}}}}}"
    found = declared({"x.yaml": "a:\n  b: 1\n"}, spec=spec)
    (values,) = found.values
    assert found.place_of(values, "a", "b").line == line


def test_a_manifest_is_shown_with_its_namespace_where_it_has_one() -> None:
    one = document({"kind": "Service", "metadata": {"name": "web"}}, "a.yaml")
    assert str(Manifest(application="a", document=one, namespace="n")) == "Service n/web"
    assert str(Manifest(application="a", document=one, namespace="")) == "Service web"

"""What sources render: folders, kustomizations, charts; and how repositories are read."""

import subprocess
from pathlib import Path

import pytest
import yaml

from aiops.lab.api import kinds
from aiops.lab.api.kinds import Json, Value
from aiops.lab.argocd.manifests import render
from aiops.lab.argocd.repositories import Repositories, Unreadable
from aiops.lab.clock import Clock
from tests.lab.argocd import NOTE, WEB

KNOWN = kinds.load()


def rendered(files: dict[str, Value], **source: object) -> list[Json]:
    """The objects of a folder `app`; a file is written as YAML, or as it is."""
    texts = {name: text if isinstance(text, str) else yaml.safe_dump_all(text) for name, text in files.items()}
    tree = {f"app/{name}": text.encode() for name, text in texts.items()}
    return list(render(tree, {"path": "app", **source}, "release", "x", KNOWN).objects)


def names(bodies: list[Json]) -> list[str]:
    return [body["metadata"]["name"] for body in bodies]


def note(name: str) -> Json:
    return {**NOTE, "metadata": {"name": name}}


def kustomized(*objects: Json, more: dict[str, Value] | None = None, **settings: object) -> list[Json]:
    files = {"all.yaml": list(objects), "kustomization.yaml": [{"resources": ["all.yaml"], **settings}], **(more or {})}
    return rendered(files)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({}, ["a"]),
        ({"recurse": True}, ["a", "b", "c"]),
        ({"recurse": True, "include": "sub/*.yaml"}, ["c"]),
        ({"recurse": True, "exclude": "{a,sub/c}.yaml"}, ["b"]),
    ],
)  # fmt: skip
def test_a_folder(options: Json, found: list[str]) -> None:
    files: dict[str, Value] = {
        "a.yaml": [note("a")], "sub/b.yml": [note("b")], "sub/c.yaml": [note("c")], "notes.txt": "kind: no",
        "values.yaml": "replicas: 3\n", "broken.yaml": "kind: [\n",
    }  # fmt: skip
    assert names(rendered(files, directory=options)) == found


@pytest.mark.parametrize(
    ("directory", "found"), [({}, ["a"]), ({"recurse": False}, ["a"]), ({"recurse": True}, ["a", "b"])]
)
def test_a_kustomization_is_not_read_where_the_source_says_how(directory: Json, found: list[str]) -> None:
    files: dict[str, Value] = {
        "a.yaml": [note("a")], "sub/b.yaml": [note("b")], "kustomization.yaml": "resources: [a.yaml]\n"
    }  # fmt: skip
    assert names(rendered(files, directory=directory)) == found


def test_a_list_is_its_items_and_a_date_is_a_text() -> None:
    item = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {day: 2026-01-02}}"
    (body,) = rendered({"a.yaml": f"apiVersion: v1\nkind: List\nitems: [{item}]\n"})
    assert body["data"] == {"day": "2026-01-02"}


def test_a_broken_manifest_is_an_error() -> None:
    with pytest.raises(Unreadable, match=r'Failed to unmarshal "a.yaml": .*') as error:
        rendered({"a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {\n"})
    assert error.value.code == "FailedPrecondition"


def test_a_chart_is_one_deployment() -> None:
    (body,) = rendered({"Chart.yaml": "name: web\n"}, path="app", helm={"releaseName": "mine"})
    assert (body["kind"], body["metadata"]["name"]) == ("Deployment", "mine")
    found = render({}, {"chart": "web", "targetRevision": "1.2.3"}, "release", "x", KNOWN)
    assert (found.type, found.objects[0]["metadata"]["name"]) == ("Helm", "release")


def test_kustomize_puts_into_a_namespace_what_belongs_in_one() -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "r"}}
    custom = {"apiVersion": "no.test/v1", "kind": "Thing", "metadata": {"name": "t"}}
    found = kustomized(WEB, role, custom, namespace="prod")
    assert [body["metadata"].get("namespace") for body in found] == ["prod", None, "prod"]


@pytest.mark.parametrize(
    "patch",
    [
        {"patch": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 5}"},
        {"path": "patch.yaml"},
        {"patch": "- {op: replace, path: /spec/replicas, value: 5}", "target": {"kind": "Deployment"}},
        {"patch": "kind: any\nspec: {replicas: 5}", "target": {"group": "apps", "name": "w.*"}},
    ],
)
def test_kustomize_patches(patch: Json) -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 5}"
    found = kustomized(WEB, NOTE, patches=[patch], more={"patch.yaml": text})
    assert found[0]["spec"]["replicas"] == 5
    assert found[0]["spec"]["template"]["spec"]["containers"] == WEB["spec"]["template"]["spec"]["containers"]
    assert found[1] == NOTE


def test_kustomize_patches_away_what_is_not_wanted() -> None:
    patch = "$patch: delete\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: note}"
    assert names(kustomized(WEB, NOTE, patches=[{"patch": patch}])) == ["web"]


def test_kustomize_hashes_what_it_generates_and_renames_who_names_it() -> None:
    """As kustomize 5.8.1 does: its output for this kustomization."""
    pod = {"containers": [{"name": "c", "image": "i", "envFrom": [{"configMapRef": {"name": "conf"}}]}]}
    web = {**WEB, "spec": {**WEB["spec"], "template": {**WEB["spec"]["template"], "spec": pod}}}
    entry = {"name": "conf", "files": ["a.txt", "b=a.txt"], "literals": ["x=1", "y=<a&b>"]}
    secret = {"name": "sec", "literals": ["p=q"]}
    found = kustomized(
        web, configMapGenerator=[entry], secretGenerator=[secret], more={"a.txt": "hello\nworld\n"}, nameSuffix="-suf"
    )
    assert names(found) == ["web-suf", "conf-suf-kgt7g28kmc", "sec-suf-hb2dth72f6"]
    (container,) = found[0]["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "conf-suf-kgt7g28kmc"}}]
    plain = kustomized(configMapGenerator=[entry], more={"a.txt": ""}, generatorOptions={"disableNameSuffixHash": True})
    assert names(plain) == ["conf"]


@pytest.mark.parametrize(
    ("entry", "image"),
    [
        ({"name": "r.io/c", "newTag": "2"}, "r.io/c:2"),
        ({"name": "r.io/c", "newName": "other/c"}, "other/c:1"),
        ({"name": "r.io/c", "digest": "sha256:ab"}, "r.io/c@sha256:ab"),
        ({"name": "c", "newTag": "2"}, "r.io/c:1"),
    ],
)  # fmt: skip
def test_kustomize_replaces_images(entry: Json, image: str) -> None:
    (found,) = kustomized(WEB, images=[entry])
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == image


def test_an_application_adds_to_a_kustomization() -> None:
    files: dict[str, Value] = {
        "all.yaml": [WEB],
        "kustomization.yaml": [{"resources": ["all.yaml"], "namespace": "a"}],
    }
    patch = {"patch": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 5}"}
    more = {"namespace": "b", "patches": [patch], "images": ["r.io/c=r.io/d:7"], "commonAnnotations": {"k": "v"}}
    (body,) = rendered(files, kustomize=more)
    assert (body["metadata"]["namespace"], body["spec"]["replicas"]) == ("b", 5)
    assert body["spec"]["template"]["spec"]["containers"][0]["image"] == "r.io/d:7"
    assert body["metadata"]["annotations"] == body["spec"]["template"]["metadata"]["annotations"] == {"k": "v"}


def test_kustomizations_build_on_others_and_leave_out_what_is_far_away() -> None:
    files = {
        "app/kustomization.yaml": {"resources": ["../base", "https://example.com/remote.yaml"]},
        "base/kustomization.yaml": {"resources": ["note.yaml"], "namePrefix": "base-"}, "base/note.yaml": NOTE,
    }  # fmt: skip
    tree = {name: yaml.safe_dump(body).encode() for name, body in files.items()}
    assert names(list(render(tree, {"path": "app"}, "", "", KNOWN).objects)) == ["base-note"]


def test_a_kustomization_that_is_no_yaml_is_an_error() -> None:
    with pytest.raises(Unreadable, match=r"kustomize build .*/app` failed exit status 1: Error: invalid Kustomization"):
        rendered({"kustomization.yaml": "resources: [a"})


def test_a_missing_file_of_a_kustomization_is_named_as_kustomize_does() -> None:
    with pytest.raises(Unreadable) as error:
        kustomized(resources=["no-such-file.yaml"])
    lost = "<path to cached source>/app/no-such-file.yaml"
    why = f"evalsymlink failure on '{lost}' : lstat {lost}: no such file or directory"
    assert str(error.value) == (
        "`kustomize build <path to cached source>/app` failed exit status 1: Error: accumulating resources: "
        f"accumulation err='accumulating resources from 'no-such-file.yaml': {why}': "
        f"must build at directory: not a valid directory: {why}"
    )


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A git repository with one commit."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "note.yaml").write_text("a")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.com")
    return subprocess.run(("git", *who, *words), cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "x")
    return git(folder, "rev-parse", "HEAD")


def test_a_branch_is_remembered_for_a_while(bare: Path) -> None:
    clock = Clock()
    repositories = Repositories({}, None, clock, remembered_s=1000.0)
    url = f"file://{bare}"
    old = repositories.commit(url, "main", fresh=False)
    (bare / "note.yaml").write_text("b")
    new = commit(bare)
    assert repositories.commit(url, "main", fresh=False) == old != new
    assert repositories.commit(url, "main", fresh=True) == new
    assert repositories.commit(url, "main", fresh=False) == new
    assert [repositories.tree(url, each)["note.yaml"] for each in (old, new)] == [b"a", b"b"]
    with pytest.raises(Unreadable, match="unable to resolve 'nobranch' to a commit SHA"):
        repositories.commit(url, "nobranch", fresh=True)
    with pytest.raises(Unreadable, match="failed to checkout revision 000"):
        repositories.tree(url, "0" * 40)


@pytest.mark.parametrize(
    "url",
    ["https://Git.example.com/acme/p", "git@git.example.com:acme/p.git", "ssh://git@git.example.com/acme/p.git/"],
)
def test_one_repository_has_many_spellings(bare: Path, url: str) -> None:
    repositories = Repositories({"https://git.example.com/acme/p.git": bare}, None, Clock(), remembered_s=0.0)
    assert repositories.commit(url, "main", fresh=True) == git(bare, "rev-parse", "HEAD")


def test_a_plain_folder_has_a_revision_of_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a")
    repositories = Repositories({}, tmp_path, Clock(), remembered_s=0.0)
    first = repositories.commit("https://nowhere.example.com/x", "main", fresh=True)
    (tmp_path / "a.yaml").write_text("b")
    second = repositories.commit("https://nowhere.example.com/x", "main", fresh=True)
    assert (len(first), first != second) == (40, True)
    assert [repositories.tree("https://nowhere.example.com/x", each) for each in (first, second)] == [
        {"a.yaml": b"a"},
        {"a.yaml": b"b"},
    ]


def test_without_git_a_repository_cannot_be_read(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unreadable, match="executable file not found"):
        Repositories({}, bare, Clock(), remembered_s=0.0).commit("any", "main", fresh=True)

"""ApplicationSets: what they make of a file in git, what they say of it, and when."""

from pathlib import Path

import pytest
import yaml

from aiops.lab.api.kinds import Json
from aiops.lab.argocd import names
from aiops.lab.argocd.templates import Unrenderable, filled
from aiops.lab.cluster import Cluster
from tests.lab import argocd as rig
from tests.lab.argocd import HERE, URL, argocd
from tests.lab.world import ADMIN, played, settled, until

GROUPS = [
    {"name": "one", "layer": "a", "enabled": "true", "catalogPath": "catalog/one"},
    {"name": "two", "layer": "a", "enabled": "true", "catalogPath": "catalog/two"},
    {"name": "off", "layer": "a", "enabled": "false", "catalogPath": "catalog/off"},
    {"name": "else", "layer": "b", "enabled": "true", "catalogPath": "catalog/else"},
]
WELL = "All applications have been generated successfully"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, GROUPS)
    return tmp_path


@pytest.fixture
def cluster(folder: Path) -> Cluster:
    return argocd(folder)


def write(folder: Path, groups: object) -> None:
    (folder / "groups.yaml").write_text(yaml.safe_dump(groups) if groups != "" else "")


def applicationset(cluster: Cluster, name: str = "group-{{.name}}", **spec: object) -> Json:
    git = {"repoURL": URL, "revision": "main", "files": [{"path": "groups.yaml"}]}
    source = {"repoURL": URL, "targetRevision": "main", "path": "{{.catalogPath}}"}
    template = {"metadata": {"name": name}, "spec": {"project": "default", "source": source, "destination": HERE}}
    body = {
        "metadata": {"name": "layer", "namespace": "argocd"},
        "spec": {
            "goTemplate": True, "goTemplateOptions": ["missingkey=error"], "template": template,
            "generators": [{"git": git, "selector": {"matchLabels": {"layer": "a", "enabled": "true"}}}], **spec,
        },
    }  # fmt: skip
    return cluster.objects.create(names.APPLICATIONSETS, body, ADMIN)


def made(cluster: Cluster) -> list[str]:
    return [body["metadata"]["name"] for body in cluster.objects.list(names.APPLICATIONS, "argocd")]


def layer(cluster: Cluster) -> Json:
    return cluster.objects.get(names.APPLICATIONSETS, "layer", "argocd")


def said(cluster: Cluster) -> dict[str, tuple[str, str, str]]:
    found = layer(cluster).get("status", {}).get("conditions", [])
    return {each["type"]: (each["status"], each["reason"], each["message"]) for each in found}


def ask(cluster: Cluster, value: str = "true") -> None:
    rig.annotate(cluster, names.SET_REFRESH, value, "layer", names.APPLICATIONSETS)


async def answered(cluster: Cluster) -> None:
    await until(lambda: not names.annotation(layer(cluster), names.SET_REFRESH))
    await settled(cluster)


@played
async def test_it_makes_an_application_of_each_that_is_selected(cluster: Cluster) -> None:
    own = applicationset(cluster)
    await settled(cluster)
    assert made(cluster) == ["group-one", "group-two"]
    body = rig.app(cluster, "group-one")
    assert body["spec"]["source"]["path"] == "catalog/one"
    assert body["metadata"]["finalizers"] == [names.FINALIZER]
    (owner,) = body["metadata"]["ownerReferences"]
    assert (owner["uid"], owner["controller"]) == (own["metadata"]["uid"], True)
    assert said(cluster) == {
        "ErrorOccurred": ("False", "ApplicationSetUpToDate", WELL),
        "ParametersGenerated": (
            "True",
            "ParametersGenerated",
            "Successfully generated parameters for all Applications",
        ),
        "ResourcesUpToDate": ("True", "ApplicationSetUpToDate", WELL),
    }
    status = layer(cluster)["status"]
    assert (status["resourcesCount"], status["health"]) == (2, {"status": "Healthy", "message": WELL})


@played
async def test_it_reads_git_when_it_is_asked_and_prunes_what_is_gone(cluster: Cluster, folder: Path) -> None:
    applicationset(cluster)
    await settled(cluster)
    times = [each["lastTransitionTime"] for each in layer(cluster)["status"]["conditions"]]
    write(folder, GROUPS[:1])
    await settled(cluster)
    assert len(made(cluster)) == 2
    ask(cluster)
    await answered(cluster)
    assert made(cluster) == ["group-one"]
    assert [each["lastTransitionTime"] for each in layer(cluster)["status"]["conditions"]] == times, (
        "nothing else to say"
    )
    assert layer(cluster)["spec"]["generators"][0]["git"]["template"]["metadata"] == {}, "as Go's types are written"


@pytest.mark.parametrize("content", [[], ""])
def test_an_empty_file_is_a_success_that_deletes_everything(cluster: Cluster, folder: Path, content: object) -> None:
    @played
    async def story(cluster: Cluster) -> None:
        applicationset(cluster)
        await settled(cluster)
        write(folder, content)
        ask(cluster)
        await answered(cluster)
        assert (made(cluster), said(cluster)["ResourcesUpToDate"][2]) == ([], WELL)

    story(cluster)


@pytest.mark.parametrize(
    ("spec", "left"),
    [
        ({"applicationsSync": "create-update"}, ["group-one", "group-two"]),
        ({"applicationsSync": "create-delete"}, ["group-one"]),
    ],
)
def test_its_policy_says_what_it_may(cluster: Cluster, folder: Path, spec: Json, left: list[str]) -> None:
    @played
    async def story(cluster: Cluster) -> None:
        applicationset(cluster, syncPolicy={**spec, "preserveResourcesOnDeletion": True})
        await settled(cluster)
        assert "finalizers" not in rig.app(cluster, "group-one")["metadata"]
        write(folder, [{**GROUPS[0], "catalogPath": "elsewhere"}])
        ask(cluster)
        await answered(cluster)
        path = rig.app(cluster, "group-one")["spec"]["source"]["path"]
        assert (made(cluster), path) == (left, "elsewhere" if len(left) == 2 else "catalog/one")

    story(cluster)


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        (
            {"name": "group-{{.nme}}"}, "RenderTemplateParamsError",
            'template: base:1:8: executing "base" at <.nme>: map has no entry for key "nme"',
        ),
        (
            {"url": "file:///no/such"}, "ApplicationGenerationFromParamsError",
            "unable to resolve git revision : failed to list refs: repository not found",
        ),
        (
            {"project": "nosuch"}, "ApplicationGenerationFromParamsError",
            'error getting project nosuch: AppProject.argoproj.io "nosuch" not found',
        ),
    ],
)  # fmt: skip
def test_an_error_deletes_nothing_and_the_refresh_stays(
    cluster: Cluster, change: dict[str, str], reason: str, words: str
) -> None:
    @played
    async def story(cluster: Cluster) -> None:
        applicationset(cluster)
        await settled(cluster)

        def worse(was: Json) -> Json:
            template, git = was["spec"]["template"], was["spec"]["generators"][0]["git"]
            template["metadata"]["name"] = change.get("name", template["metadata"]["name"])
            template["spec"]["project"] = change.get("project", "default")
            git["repoURL"] = change.get("url", URL)
            return was

        cluster.objects.edit(names.APPLICATIONSETS, "layer", "argocd", worse, ADMIN)
        ask(cluster)
        await until(lambda: said(cluster)["ErrorOccurred"][0] == "True")
        await settled(cluster)
        found = said(cluster)
        assert (found["ErrorOccurred"][:2], found["ResourcesUpToDate"][:2]) == (
            ("True", reason),
            ("False", "ErrorOccurred"),
        )
        assert found["ParametersGenerated"][0] == "False"
        assert words in found["ErrorOccurred"][2]
        assert names.annotation(layer(cluster), names.SET_REFRESH)
        assert made(cluster) == ["group-one", "group-two"]

    story(cluster)


@played
async def test_invalid_applications_are_left_out_and_told(cluster: Cluster) -> None:
    applicationset(cluster, name="same")
    ask(cluster)
    await answered(cluster)
    why = "ApplicationSet layer contains applications with duplicate name: same"
    assert said(cluster)["ErrorOccurred"] == ("True", "ApplicationValidationError", why)
    assert said(cluster)["ParametersGenerated"][0] == "True"
    assert made(cluster) == []


@played
async def test_what_it_says_of_an_application_holds_but_for_a_refresh(cluster: Cluster) -> None:
    applicationset(cluster)
    await settled(cluster)

    def other(was: Json) -> Json:
        was["metadata"] |= {
            "annotations": {names.REFRESH: "normal", names.SKIP_RECONCILE: "true"},
            "labels": {"my": "own"},
        }
        was["spec"]["source"]["path"] = "mine"
        return was

    rig.edit(cluster, other, "group-one")
    await settled(cluster)
    body = rig.app(cluster, "group-one")
    assert (body["spec"]["source"]["path"], "labels" in body["metadata"]) == ("catalog/one", False)
    assert names.SKIP_RECONCILE not in body["metadata"].get("annotations", {})


@played
async def test_a_deleted_application_is_made_again(cluster: Cluster) -> None:
    applicationset(cluster, syncPolicy={"preserveResourcesOnDeletion": True})
    await settled(cluster)
    cluster.objects.delete(names.APPLICATIONS, "group-one", "argocd", ADMIN)
    await settled(cluster)
    assert made(cluster) == ["group-one", "group-two"]


@played
async def test_expressions_select_too(cluster: Cluster) -> None:
    git = {"repoURL": URL, "revision": "main", "files": [{"path": "groups.yaml"}]}
    expressions = [
        {"key": "name", "operator": "NotIn", "values": ["one"]}, {"key": "layer", "operator": "In", "values": ["a"]},
        {"key": "nothing", "operator": "DoesNotExist"}, {"key": "enabled", "operator": "Exists"},
    ]  # fmt: skip
    applicationset(cluster, generators=[{"git": git, "selector": {"matchExpressions": expressions}}])
    await settled(cluster)
    assert made(cluster) == ["group-off", "group-two"]


@played
async def test_it_waits_for_the_repo_server(cluster: Cluster, folder: Path) -> None:
    applicationset(cluster)
    await settled(cluster)
    cluster.parts.set("argocd-repo-server", "stalled")
    write(folder, GROUPS[:1])
    ask(cluster)
    await settled(cluster)
    assert names.annotation(layer(cluster), names.SET_REFRESH)
    cluster.parts.set("argocd-repo-server", "up")
    await answered(cluster)
    assert made(cluster) == ["group-one"]


def test_templates() -> None:
    params = {"name": "one", "on": True, "path": {"basename": "lab", "segments": ["a"]}}
    template = {"{{.name}}": ["{{ .path.basename }}-{{.on}}", 3, {"k": "{{- .name -}}"}]}
    assert filled(template, params, strict=True) == {"one": ["lab-true", 3, {"k": "one"}]}
    assert filled("{{.nothing}}", params, strict=False) == "<no value>"
    with pytest.raises(Unrenderable, match='function "nosuch" not defined'):
        filled("{{.name | nosuch}}", params, strict=True)

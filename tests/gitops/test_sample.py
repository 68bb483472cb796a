"""The sample tree: complete, small, and in step with its config."""

from pathlib import Path

import pytest

from aiops.config.load import load
from aiops.config.tables import PROFILES
from aiops.gitops import generated
from aiops.gitops.application import Application
from aiops.gitops.document import Document
from aiops.gitops.files import Folder
from aiops.gitops.groups import render, resolve
from aiops.gitops.manifests import documents, holds_kind, unread
from aiops.gitops.mismatches import mismatches
from aiops.gitops.models import gpu_workloads
from aiops.gitops.repository import same_repository
from aiops.gitops.tree import read_tree

CONFIG = load(Path(__file__).parents[2] / "config.yaml")
FILES = Folder(CONFIG.tree)
TREE = read_tree(FILES, CONFIG.environment)
LAYERS = PROFILES["full"]
APPLICATIONS = TREE.applications_in(LAYERS)


def manifests(application: Application) -> list[Document]:
    return [one for source in application.sources for one in documents(FILES, source.path or "")]


def test_the_groups_file_is_a_fresh_resolve() -> None:
    assert generated.path(CONFIG).read_text() == render(resolve(CONFIG))
    assert mismatches(CONFIG, FILES) == ()


def test_every_layer_deploys_something_and_every_enabled_group_is_there() -> None:
    assert {layer.name for layer in TREE.layers} == {application.layer for application in APPLICATIONS} == set(LAYERS)
    assert {group.name for group in TREE.group_applications(LAYERS)} == {app.group for app in APPLICATIONS}


@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda application: application.name)
def test_everything_is_in_the_trees_own_repository(application: Application) -> None:
    assert manifests(application)
    for source in application.sources:
        assert same_repository(source.repo_url, CONFIG.repo_url)
        assert (source.revision, source.chart) == (CONFIG.repo_branch, None)
        assert unread(FILES, source.path or "") == ()


def test_it_has_one_of_each_kind_of_application() -> None:
    assert {application.automatic for application in APPLICATIONS} == {True, False}
    assert any(len(application.sources) > 1 for application in APPLICATIONS)
    gpu = [(app, model) for app in APPLICATIONS for model in gpu_workloads(manifests(app))]
    assert len(gpu) == 2
    for application, model in gpu:
        assert (model.replicas, model.gpus, application.automatic) == (0, 1, False)
        assert "RespectIgnoreDifferences=true" in application.sync_options


def test_a_kind_is_used_by_an_earlier_layer_than_brings_it() -> None:
    kind = ("gateway.networking.k8s.io", "HTTPRoute")
    assert holds_kind(TREE, FILES, "platform", *kind) == "group"
    assert holds_kind(TREE, FILES, "routing", *kind) == "crd"


def test_every_kind_is_builtin_or_brought_by_the_tree() -> None:
    all_manifests = [one for application in APPLICATIONS for one in manifests(application)]
    definitions = [one.body for one in all_manifests if one.kind == "CustomResourceDefinition"]
    brought = {(body["spec"]["group"], body["spec"]["names"]["kind"]) for body in definitions}
    builtin = {"", "apps", "batch", "rbac.authorization.k8s.io", "apiextensions.k8s.io"}
    assert {(one.group, one.kind) for one in all_manifests if one.group not in builtin} == brought
    for body in definitions:
        # The API server refuses an unapproved definition in a group of Kubernetes' own.
        annotations = body["metadata"].get("annotations", {})
        assert body["spec"]["group"].endswith(".k8s.io") <= ("api-approved.kubernetes.io" in annotations)

"""Applications: compared, judged, synced by themselves, deleted; in the order in which Argo CD writes."""

from pathlib import Path

import pytest

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event
from aiops.lab.argocd import names
from aiops.lab.cluster import Cluster
from tests.lab import argocd as rig
from tests.lab.argocd import (
    NOTE,
    WEB,
    app,
    application,
    argocd,
    conditions,
    ended,
    once,
    refreshed,
    state,
    words,
    write,
)
from tests.lab.world import ADMIN, played, settled, until

FULL = {"prune": True, "selfHeal": True}


def note(cluster: Cluster) -> Json | None:
    return cluster.objects.find("configmaps", "note", "x")


def edit_note(cluster: Cluster, **data: str) -> None:
    cluster.objects.edit("configmaps", "note", "x", lambda was: {**was, "data": data}, ADMIN)


@played
async def test_a_first_look_writes_all_that_aiops_reads(cluster: Cluster) -> None:
    application(cluster)
    body = await once(cluster, lambda body: words(body)[0])
    status = body["status"]
    assert words(body) == ("OutOfSync", "Missing")
    assert (status["sync"]["comparedTo"], len(status["sync"]["revision"])) == (
        {"source": body["spec"]["source"], "destination": body["spec"]["destination"]}, 40,
    )  # fmt: skip
    assert status["resources"] == [
        {"version": "v1", "kind": "ConfigMap", "namespace": "x", "name": "note", "status": "OutOfSync"}
    ]
    assert (status["sourceType"], status["reconciledAt"] != "", state(body)) == ("Directory", True, {})


@played
async def test_the_order_of_writes_of_an_automatic_sync(cluster: Cluster) -> None:
    seen: list[tuple[object, ...]] = []

    def hear(event: Event) -> None:
        if event.resource == names.APPLICATIONS:
            phase = state(event.object).get("phase")
            seen.append((words(event.object), "operation" in event.object, phase))

    cluster.store.subscribers.append(hear)
    application(cluster, automated={})
    await until(lambda: words(app(cluster)) == ("Synced", "Healthy"))
    assert list(dict.fromkeys(seen)) == [
        (("", ""), False, None),
        (("", ""), True, None),
        (("OutOfSync", "Missing"), True, None),
        (("OutOfSync", "Missing"), True, "Running"),
        (("OutOfSync", "Missing"), False, "Succeeded"),
        (("Synced", "Healthy"), False, "Succeeded"),
    ]
    assert state(app(cluster))["message"] == "successfully synced (all tasks run)"
    (entry,) = app(cluster)["status"]["history"]
    assert (entry["id"], entry["initiatedBy"]) == (0, {"automated": True})


@played
async def test_a_refresh_is_answered_in_the_write_of_what_was_found(cluster: Cluster, folder: Path) -> None:
    application(cluster)
    await settled(cluster)
    before = app(cluster)["status"]["sync"]["revision"]
    write(folder, "app/more.yaml", {**NOTE, "metadata": {"name": "more"}})
    await settled(cluster)
    assert app(cluster)["status"]["sync"]["revision"] == before, "nobody asked git"
    body = await refreshed(cluster)
    assert body["status"]["sync"]["revision"] != before
    assert [each["name"] for each in body["status"]["resources"]] == ["more", "note"]


def test_it_reads_git_by_itself_after_a_while(folder: Path) -> None:
    @played
    async def story(cluster: Cluster) -> None:
        application(cluster)
        await settled(cluster)
        write(folder, "app/more.yaml", {**NOTE, "metadata": {"name": "more"}})
        await until(lambda: len(app(cluster)["status"]["resources"]) == 2)

    story(argocd(folder, git_s=60.0))


@played
async def test_what_is_changed_by_hand_is_healed_with_growing_pauses(cluster: Cluster) -> None:
    application(cluster, automated=FULL)
    await ended(cluster)
    await settled(cluster)
    for attempt in (1, 2):
        edit_note(cluster, a="2")
        await until(lambda: (note(cluster) or {})["data"] == {"a": "1"})
        await settled(cluster)
        operation = state(app(cluster))["operation"]["sync"]
        assert (operation["autoHealAttemptsCount"], operation["resources"]) == (
            attempt,
            [{"kind": "ConfigMap", "name": "note"}],
        )
    assert len(app(cluster)["status"]["history"]) == 1, "a partial sync is no deployment"


@played
async def test_without_self_heal_it_stays_different(cluster: Cluster) -> None:
    application(cluster, automated={"prune": True})
    await ended(cluster)
    edit_note(cluster, a="2")
    await until(lambda: words(app(cluster))[0] == "OutOfSync")
    await settled(cluster)
    assert (note(cluster) or {})["data"] == {"a": "2"}


@played
async def test_disabled_automation_is_none(cluster: Cluster) -> None:
    application(cluster, automated={**FULL, "enabled": False})
    await settled(cluster)
    assert (words(app(cluster)), state(app(cluster))) == (("OutOfSync", "Missing"), {})


@played
async def test_what_git_holds_no_more_is_pruned_where_that_is_wanted(cluster: Cluster, folder: Path) -> None:
    write(folder, "app/more.yaml", {**NOTE, "metadata": {"name": "more"}})
    application(cluster, "app", automated={})
    await ended(cluster)
    (folder / "app" / "more.yaml").unlink()
    body = await refreshed(cluster)
    more = next(each for each in body["status"]["resources"] if each["name"] == "more")
    assert (words(body)[0], more["status"], more["requiresPruning"]) == ("OutOfSync", "OutOfSync", True)
    rig.edit(cluster, lambda was: {**was, "spec": {**was["spec"], "syncPolicy": {"automated": FULL}}})
    await refreshed(cluster)
    await until(lambda: cluster.objects.find("configmaps", "more", "x") is None)
    assert note(cluster)


@played
async def test_everything_gone_from_git_is_not_pruned_by_itself(cluster: Cluster, folder: Path) -> None:
    application(cluster, automated=FULL)
    await ended(cluster)
    write(folder, "app/note.yaml")
    body = await refreshed(cluster)
    assert conditions(body)["SyncError"].endswith("auto-sync will wipe out all resources")
    assert note(cluster)


@played
async def test_ignored_differences_are_none(cluster: Cluster, folder: Path) -> None:
    write(folder, "app/note.yaml", WEB)
    ignore = [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]
    application(cluster, automated=FULL, ignoreDifferences=ignore)
    await ended(cluster)
    cluster.objects.edit(
        "deployments.apps", "web", "x", lambda was: {**was, "spec": {**was["spec"], "replicas": 3}}, ADMIN
    )
    await settled(cluster)
    body = await refreshed(cluster)
    assert (words(body)[0], body["status"]["sync"]["comparedTo"]["ignoreDifferences"]) == ("Synced", ignore)
    assert cluster.objects.get("deployments.apps", "web", "x")["spec"]["replicas"] == 3


@played
async def test_it_follows_its_objects_but_not_its_definitions(cluster: Cluster, folder: Path) -> None:
    """A CustomResourceDefinition carries no tracking-id, so that its events reach nobody (seen on 3.5.7)."""
    crd = definition("things.example.test", "Thing")
    write(folder, "app/note.yaml", WEB | {"spec": {**WEB["spec"], "replicas": 1}}, crd)
    application(cluster, automated={})
    await ended(cluster)
    await until(lambda: words(app(cluster)) == ("Synced", "Progressing"))
    deployment = cluster.objects.get("deployments.apps", "web", "x")
    counts = dict.fromkeys(("observedGeneration", "replicas", "updatedReplicas", "availableReplicas"), 1)
    cluster.objects.set_status("deployments.apps", deployment, counts, ADMIN)
    await until(lambda: words(app(cluster)) == ("Synced", "Healthy"))
    cluster.objects.delete("customresourcedefinitions.apiextensions.k8s.io", "things.example.test", "", ADMIN)
    await settled(cluster)
    assert words(app(cluster)) == ("Synced", "Healthy")
    assert words(await refreshed(cluster)) == ("OutOfSync", "Healthy")


@pytest.mark.parametrize(("options", "word"), [([], "Synced"), (["ServerSideApply=true"], "OutOfSync")])
def test_what_the_server_fills_into_a_list(cluster: Cluster, folder: Path, options: list[str], word: str) -> None:
    """Argo CD misses it where it applies a custom resource on the server's side (argo-cd #11074; seen on 3.5.7)."""
    item = {"type": "object", "properties": {"name": {"type": "string"}, "way": {"type": "string", "default": "Any"}}}
    spec = {"type": "object", "properties": {"items": {"type": "array", "items": item}}}
    crd = definition("things.example.test", "Thing", properties={"spec": spec})
    thing = {"apiVersion": "example.test/v1", "kind": "Thing", "metadata": {"name": "one"},
             "spec": {"items": [{"name": "a"}]}}  # fmt: skip

    @played
    async def story(cluster: Cluster) -> None:
        cluster.objects.create("customresourcedefinitions.apiextensions.k8s.io", crd, ADMIN)
        write(folder, "app/note.yaml", thing)
        application(cluster, syncPolicy={"automated": {}, "syncOptions": options})
        await ended(cluster)
        await settled(cluster)
        assert words(app(cluster))[0] == word
        kept = cluster.objects.get("things.example.test", "one", "x")["spec"]
        assert kept == {"items": [{"name": "a", "way": "Any"}]}

    story(cluster)


def definition(name: str, kind: str, **more: object) -> Json:
    plural, _, group = name.partition(".")
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, **more}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name},
        "spec": {
            "group": group, "scope": "Namespaced", "versions": [version],
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
        },
    }  # fmt: skip


@played
async def test_a_copy_of_the_tracking_id_does_not_count(cluster: Cluster) -> None:
    application(cluster, automated=FULL)
    await ended(cluster)
    notes = {names.TRACKING: names.annotation(note(cluster) or {}, names.TRACKING)}
    cluster.objects.create("secrets", {"metadata": {"name": "copy", "namespace": "x", "annotations": notes}}, ADMIN)
    assert notes == {names.TRACKING: "app:/ConfigMap:x/note"}
    assert len((await refreshed(cluster))["status"]["resources"]) == 1


@pytest.mark.parametrize(
    ("path", "revision", "url", "why"),
    [
        ("nope", "main", rig.URL, "nope: app path does not exist"),
        ("app", "main", "file:///no/such", "failed to list refs: repository not found"),
    ],
)
def test_sources_that_cannot_be_read(cluster: Cluster, path: str, revision: str, url: str, why: str) -> None:
    @played
    async def story(cluster: Cluster) -> None:
        application(cluster, source={"repoURL": url, "targetRevision": revision, "path": path})
        body = await once(cluster, conditions)
        where = "Failed to load target state: failed to generate manifest for source 1 of 1"
        assert conditions(body) == {"ComparisonError": f"{where}: rpc error: code = Unknown desc = {why}"}
        assert (words(body), body["status"]["sync"]["revision"]) == (("Unknown", "Healthy"), revision)

    story(cluster)


@played
async def test_a_repo_server_that_is_down_is_an_error_and_one_that_stalls_is_waited_for(cluster: Cluster) -> None:
    application(cluster)
    await settled(cluster)
    cluster.parts.set("argocd-repo-server", "down")
    assert "code = Unavailable" in conditions(await refreshed(cluster))["ComparisonError"]
    cluster.parts.set("argocd-repo-server", "stalled")
    rig.annotate(cluster, names.REFRESH, "normal")
    await settled(cluster)
    assert names.annotation(app(cluster), names.REFRESH)
    cluster.parts.set("argocd-repo-server", "up")
    body = await once(cluster, lambda body: not names.annotation(body, names.REFRESH))
    assert conditions(body) == {}


@played
async def test_an_appproject_that_refuses_or_is_missing(cluster: Cluster) -> None:
    rig.project(cluster, "narrow", sourceRepos=["https://other/*"], destinations=[{"server": "*", "namespace": "y"}])
    application(cluster, "refused", project="narrow")
    application(cluster, "lost", project="nosuch")
    application(cluster, "nowhere", source={"repoURL": rig.URL})
    await settled(cluster)
    assert conditions(app(cluster, "nowhere"))["InvalidSpecError"].endswith("spec.source.chart are required")
    (first, second) = app(cluster, "refused")["status"]["conditions"]
    assert first["message"] == f"application repo {rig.URL} is not permitted in project 'narrow'"
    assert second["message"].endswith("do not match any of the allowed destinations in project 'narrow'")
    lost = app(cluster, "lost")
    assert conditions(lost) == {"InvalidSpecError": "Application referencing project nosuch which does not exist"}
    assert (words(lost), "reconciledAt" in lost["status"]) == (("Unknown", "Unknown"), False)


@played
async def test_one_that_is_to_be_left_alone_is(cluster: Cluster) -> None:
    application(cluster)
    await settled(cluster)
    rig.annotate(cluster, names.SKIP_RECONCILE, "true")
    rig.annotate(cluster, names.REFRESH, "normal")
    await settled(cluster)
    assert names.annotation(app(cluster), names.REFRESH) == "normal"


@played
async def test_deleting_it_deletes_its_objects_first(cluster: Cluster) -> None:
    application(cluster, automated=FULL)
    await ended(cluster)
    cluster.objects.edit("configmaps", "note", "x", held, ADMIN)
    cluster.objects.delete(names.APPLICATIONS, "app", "argocd", ADMIN)
    await settled(cluster)
    assert "deletionTimestamp" in app(cluster)["metadata"], "its object is still there"
    cluster.objects.edit("configmaps", "note", "x", free, ADMIN)
    await until(lambda: cluster.objects.find(names.APPLICATIONS, "app", "argocd") is None)
    assert note(cluster) is None


def held(was: Json) -> Json:
    was["metadata"]["finalizers"] = ["example.test/held"]
    return was


def free(was: Json) -> Json:
    was["metadata"]["finalizers"] = [mark for mark in was["metadata"]["finalizers"] if mark != "example.test/held"]
    return was


@played
async def test_an_appproject_stays_while_applications_need_it(cluster: Cluster) -> None:
    application(cluster)
    cluster.objects.edit(
        names.APPPROJECTS, "default", "argocd",
        lambda was: {**was, "metadata": {**was["metadata"], "finalizers": [names.FINALIZER]}}, ADMIN,
    )  # fmt: skip
    cluster.objects.delete(names.APPPROJECTS, "default", "argocd", ADMIN)
    await settled(cluster)
    assert cluster.objects.find(names.APPPROJECTS, "default", "argocd")
    cluster.objects.delete(names.APPLICATIONS, "app", "argocd", ADMIN)
    await until(lambda: cluster.objects.find(names.APPPROJECTS, "default", "argocd") is None)


@played
async def test_several_sources_are_one_application(cluster: Cluster, folder: Path) -> None:
    write(folder, "more/more.yaml", {**NOTE, "metadata": {"name": "more"}})
    sources = [{"repoURL": rig.URL, "targetRevision": "main", "path": path} for path in ("app", "more")]
    application(cluster, automated={}, source=None, sources=sources)
    body = await ended(cluster)
    await until(lambda: words(app(cluster)) == ("Synced", "Healthy"))
    status = app(cluster)["status"]
    assert (len(status["sync"]["revisions"]), status["sourceTypes"]) == (2, ["Directory", "Directory"])
    assert status["sync"]["comparedTo"]["sources"] == sources
    assert len(state(body)["syncResult"]["revisions"]) == 2

"""Operations: what they apply, in which order, how they wait, fail, are tried again and end."""

from pathlib import Path

import pytest

from aiops.lab.api.kinds import Json
from aiops.lab.api.store import Event
from aiops.lab.argocd import names, operations
from aiops.lab.argocd.sync import Step
from aiops.lab.clock import Clock
from aiops.lab.cluster import Cluster
from tests.lab.argocd import (
    NOTE,
    URL,
    WEB,
    app,
    application,
    conditions,
    edit,
    ended,
    project,
    refreshed,
    state,
    sync,
    words,
    write,
)
from tests.lab.world import ADMIN, played, settled, until

IGNORED = [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}]
RESPECT = "RespectIgnoreDifferences=true"


def named(name: str, **annotations: str) -> Json:
    notes = {f"argocd.argoproj.io/{key.replace('_', '-')}": value for key, value in annotations.items()}
    return {**NOTE, "metadata": {"name": name, "annotations": notes}}


def job(name: str, **annotations: str) -> Json:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "r.io/c:1"}]}}
    return {**named(name, **annotations), "apiVersion": "batch/v1", "kind": "Job", "spec": {"template": template}}


def is_there(cluster: Cluster, name: str, resource: str = "configmaps") -> bool:
    return cluster.objects.find(resource, name, "x") is not None


def finish(cluster: Cluster, name: str, kind: str = "Complete", message: str = "") -> None:
    condition = {"type": kind, "status": "True", "message": message}
    live = cluster.objects.get("jobs.batch", name, "x")
    cluster.objects.set_status("jobs.batch", live, {"conditions": [condition]}, ADMIN)


def results(body: Json) -> list[tuple[str, str, str]]:
    found = state(body).get("syncResult", {}).get("resources", [])
    return [(each["name"], each["status"], each.get("hookPhase", "")) for each in found]


@pytest.mark.parametrize(("options", "replicas"), [([], 0), ([RESPECT], 3)])
def test_only_the_operations_own_options_count(
    cluster: Cluster, folder: Path, options: list[str], replicas: int
) -> None:
    """Those of the spec are for who starts one (argo-cd controller/sync.go; kargo#874)."""

    @played
    async def story(cluster: Cluster) -> None:
        write(folder, "app/note.yaml", WEB)
        application(cluster, ignoreDifferences=IGNORED, syncPolicy={"syncOptions": [RESPECT]})
        sync(cluster)
        await ended(cluster)
        cluster.objects.edit(
            "deployments.apps", "web", "x", lambda was: {**was, "spec": {**was["spec"], "replicas": 3}}, ADMIN
        )
        sync(cluster, syncOptions=options)
        await ended(cluster)
        assert cluster.objects.get("deployments.apps", "web", "x")["spec"]["replicas"] == replicas

    story(cluster)


@played
async def test_a_wave_waits_until_the_one_before_is_healthy(cluster: Cluster, folder: Path) -> None:
    early = {
        **WEB,
        "metadata": {"name": "web", "annotations": {names.WAVE: "-1"}},
        "spec": {**WEB["spec"], "replicas": 1},
    }
    write(folder, "app/note.yaml", named("late", sync_wave="1"), early)
    application(cluster, automated={})
    await until(lambda: state(app(cluster)).get("message") == "waiting for healthy state of apps/Deployment/web")
    await settled(cluster)
    assert not is_there(cluster, "late")
    live = cluster.objects.get("deployments.apps", "web", "x")
    counts = dict.fromkeys(("observedGeneration", "replicas", "updatedReplicas", "availableReplicas"), 1)
    cluster.objects.set_status("deployments.apps", live, counts, ADMIN)
    assert results(await ended(cluster)) == [("web", "Synced", "Succeeded"), ("late", "Synced", "Running")]


@played
async def test_a_new_namespace_is_a_wave_of_its_own(cluster: Cluster) -> None:
    messages: list[object] = []
    cluster.store.subscribers.append(lambda event: messages.append(state(event.object).get("message")))
    application(
        cluster, destination={"server": names.IN_CLUSTER, "namespace": "new"},
        syncPolicy={"automated": {}, "syncOptions": ["CreateNamespace=true"]},
    )  # fmt: skip
    body = await ended(cluster)
    assert "waiting for healthy state of /Namespace/new" in messages
    assert results(body) == [("new", "Synced", "Running"), ("note", "Synced", "Running")]
    assert cluster.objects.find("configmaps", "note", "new")


@played
async def test_without_a_namespace_it_fails(cluster: Cluster) -> None:
    application(cluster, destination={"server": names.IN_CLUSTER, "namespace": "lost"})
    sync(cluster)
    body = await ended(cluster, "Failed")
    assert state(body)["message"] == 'one or more objects failed to apply, reason: namespaces "lost" not found'


@played
async def test_hooks_run_before_and_after_and_are_waited_for(cluster: Cluster, folder: Path) -> None:
    after = job("after", hook="PostSync", hook_delete_policy="HookSucceeded")
    write(folder, "app/note.yaml", NOTE, job("before", hook="PreSync"), after)
    application(cluster, automated={"prune": True})
    await until(lambda: state(app(cluster)).get("message") == "waiting for completion of hook batch/Job/before")
    assert not is_there(cluster, "note")
    finish(cluster, "before", message="it is done")
    await until(lambda: is_there(cluster, "after", "jobs.batch"))
    assert is_there(cluster, "note")
    finish(cluster, "after")
    body = await ended(cluster)
    assert results(body) == [
        ("before", "Synced", "Succeeded"), ("note", "Synced", "Succeeded"), ("after", "Synced", "Succeeded")
    ]  # fmt: skip
    assert state(body)["syncResult"]["resources"][0]["message"] == "it is done"
    await until(lambda: words(app(cluster))[0] == "Synced")
    assert (is_there(cluster, "before", "jobs.batch"), is_there(cluster, "after", "jobs.batch")) == (True, False)


@played
async def test_a_hook_that_fails_fails_the_sync_and_runs_anew_the_next_time(cluster: Cluster, folder: Path) -> None:
    write(folder, "app/note.yaml", NOTE, job("before", hook="PreSync"))
    application(cluster)
    sync(cluster)
    await until(lambda: is_there(cluster, "before", "jobs.batch"))
    first = cluster.objects.get("jobs.batch", "before", "x")["metadata"]["uid"]
    finish(cluster, "before", "Failed", "it has had enough")
    body = await ended(cluster, "Failed")
    assert state(body)["message"] == "one or more synchronization tasks completed unsuccessfully"
    assert not is_there(cluster, "note")
    sync(cluster)
    await until(
        lambda: (
            (cluster.objects.find("jobs.batch", "before", "x") or {"metadata": {"uid": first}})["metadata"]["uid"]
            != first
        )
    )


@played
async def test_an_unknown_kind_is_tried_again_until_the_retries_are_used_up(cluster: Cluster, folder: Path) -> None:
    pauses: list[Json] = []

    def hear(event: Event) -> None:
        pauses.extend([event.object] if operations.pauses(state(event.object)) else [])

    cluster.store.subscribers.append(hear)
    write(folder, "app/note.yaml", NOTE, {"apiVersion": "no.test/v1", "kind": "Thing", "metadata": {"name": "t"}})
    application(cluster, syncPolicy={"automated": {}, "retry": {"limit": 1, "backoff": {"duration": "2s"}}})
    discovering = "failed to discover server resources for group version no.test/v1"
    lacks = "the server could not find the requested resource"
    said = f"one or more synchronization tasks are not valid: {discovering}: {lacks}"
    body = await ended(cluster, "Failed")
    assert state(pauses[0])["message"].startswith(f"{said}. Retrying attempt #1 at ")
    assert (state(pauses[0])["phase"], "operation" in pauses[0]) == ("Running", True)
    assert state(body)["message"] == f"{said} (retried 1 times)."
    (only,) = state(body)["syncResult"]["resources"]
    assert only["message"] == (
        "The Kubernetes API could not find no.test/Thing for requested resource x/t. "
        'Make sure the "Thing" CRD is installed on the destination cluster.'
    )
    await until(lambda: "SyncError" in conditions(app(cluster)))
    assert conditions(app(cluster))["SyncError"].startswith("Failed last sync attempt to [")
    assert not is_there(cluster, "note"), "nothing is applied where something cannot be"


@played
async def test_used_up_retries_are_not_begun_anew_without_a_new_commit(cluster: Cluster, folder: Path) -> None:
    write(folder, "app/note.yaml", {"apiVersion": "no.test/v1", "kind": "Thing", "metadata": {"name": "t"}})
    application(cluster, syncPolicy={"automated": {"selfHeal": True}, "retry": {"limit": 0}})
    failed = state(await ended(cluster, "Failed"))
    await refreshed(cluster)
    await settled(cluster)
    assert state(app(cluster)) == failed
    write(folder, "app/note.yaml", NOTE)
    await refreshed(cluster)
    await ended(cluster)


def test_a_pause_is_longer_than_it_says() -> None:
    """The controller raises the count before it works out when the pause is over (appcontroller.go)."""
    clock = Clock()
    begun = operations.begun({"sync": {}, "retry": {"limit": 5}}, clock)
    first = operations.after(begun, Step(phase="Failed", message="no"), clock)
    assert 9 < operations.until_retry_s(first, clock) <= 10
    last = operations.after({**first, "retryCount": 4}, Step(phase="Failed", message="no"), clock)
    assert 150 < operations.until_retry_s(last, clock) <= 160
    over = operations.after(last, Step(phase="Failed", message="no"), clock)
    assert (over["phase"], over["message"]) == ("Failed", "no (retried 5 times).")


@played
async def test_it_can_be_ended(cluster: Cluster, folder: Path) -> None:
    write(folder, "app/note.yaml", NOTE, job("before", hook="PreSync"))
    application(cluster)
    sync(cluster, retry={"limit": 5})
    await until(lambda: is_there(cluster, "before", "jobs.batch"))

    def end(was: Json) -> Json:
        was["status"]["operationState"]["phase"] = "Terminating"
        return was

    edit(cluster, end)
    body = await ended(cluster, "Failed")
    assert state(body)["message"] == "Operation terminated"
    assert (is_there(cluster, "before", "jobs.batch"), is_there(cluster, "note")) == (False, False)


@played
async def test_pruning_is_the_operations_choice_and_the_objects(cluster: Cluster, folder: Path) -> None:
    write(folder, "app/more.yaml", named("more"), named("kept", sync_options="Prune=false"))
    application(cluster)
    sync(cluster)
    await ended(cluster)
    (folder / "app" / "more.yaml").unlink()
    sync(cluster)
    skipped = await ended(cluster)
    assert [each for each in results(skipped) if each[0] == "more"] == [("more", "PruneSkipped", "Succeeded")]
    sync(cluster, prune=True)
    await until(lambda: not is_there(cluster, "more"))
    assert is_there(cluster, "kept")


@played
async def test_at_another_revision_than_its_own(cluster: Cluster) -> None:
    application(cluster, source={"repoURL": URL, "targetRevision": "main", "path": "app"})
    sync(cluster, revision="HEAD")
    body = await ended(cluster)
    assert state(body)["syncResult"]["revision"] == body["status"]["sync"]["revision"] != "HEAD"


@played
async def test_a_part_of_it(cluster: Cluster, folder: Path) -> None:
    write(folder, "app/more.yaml", named("more"), job("before", hook="PreSync"))
    application(cluster)
    sync(cluster, resources=[{"kind": "ConfigMap", "name": "more"}])
    body = await ended(cluster)
    assert (results(body), "history" in body["status"]) == ([("more", "Synced", "Running")], False)
    assert (is_there(cluster, "note"), is_there(cluster, "before", "jobs.batch")) == (False, False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], ["created", "unchanged", "configured"]),
        (["ServerSideApply=true"], ["serverside-applied"] * 3),
        (["Replace=true"], ["created", "replaced", "replaced"]),
    ],
)  # fmt: skip
def test_ways_to_apply(cluster: Cluster, folder: Path, options: list[str], words: list[str]) -> None:
    """Each removes what git holds no more, and leaves alone what somebody else added (but for Replace)."""

    @played
    async def story(cluster: Cluster) -> None:
        application(cluster)
        found = []
        for wanted in ({"a": "1", "b": "2"}, {"a": "1", "b": "2"}, {"b": "3"}):
            write(folder, "app/note.yaml", {**NOTE, "data": wanted})
            sync(cluster, syncOptions=options)
            body = await ended(cluster)
            left = cluster.objects.get("configmaps", "note", "x")["data"]
            found.append(state(body)["syncResult"]["resources"][0]["message"].removeprefix("configmap/note "))
            cluster.objects.edit(
                "configmaps", "note", "x", lambda was: {**was, "data": {**was["data"], "theirs": "4"}}, ADMIN
            )
            await settled(cluster)
        assert found == words
        kept = {} if "Replace=true" in options else {"theirs": "4"}
        assert left == {"b": "3", **kept}

    story(cluster)


@played
async def test_a_list_of_containers_is_merged_by_name(cluster: Cluster, folder: Path) -> None:
    """As kubectl's three-way merge does it: what git dropped goes, what an injector added stays."""
    write(folder, "app/note.yaml", with_containers("c", "d"))
    application(cluster)
    sync(cluster)
    await ended(cluster)
    cluster.objects.edit("deployments.apps", "web", "x", lambda was: _injected(was), ADMIN)
    write(folder, "app/note.yaml", with_containers("c"))
    sync(cluster)
    await ended(cluster)
    live = cluster.objects.get("deployments.apps", "web", "x")
    assert sorted(each["name"] for each in live["spec"]["template"]["spec"]["containers"]) == ["c", "sidecar"]


def with_containers(*those: str) -> Json:
    pod = {"containers": [{"name": name, "image": "r.io/c:1"} for name in those]}
    return {**WEB, "spec": {**WEB["spec"], "template": {**WEB["spec"]["template"], "spec": pod}}}


def _injected(was: Json) -> Json:
    was["spec"]["template"]["spec"]["containers"].append({"name": "sidecar", "image": "r.io/s:1"})
    return was


@played
async def test_another_strategy_takes_the_place_of_the_one_before(cluster: Cluster, folder: Path) -> None:
    write(folder, "app/note.yaml", WEB)
    application(cluster)
    sync(cluster)
    await ended(cluster)
    write(folder, "app/note.yaml", {**WEB, "spec": {**WEB["spec"], "strategy": {"type": "Recreate"}}})
    sync(cluster)
    await ended(cluster)
    assert cluster.objects.get("deployments.apps", "web", "x")["spec"]["strategy"] == {"type": "Recreate"}
    assert words(await refreshed(cluster))[0] == "Synced"


@played
async def test_a_project_that_does_not_permit_a_kind(cluster: Cluster) -> None:
    project(cluster, "narrow", namespaceResourceBlacklist=[{"group": "", "kind": "ConfigMap"}])
    application(cluster, project="narrow")
    sync(cluster)
    body = await ended(cluster, "Failed")
    said = "resource :ConfigMap is not permitted in project narrow"
    assert state(body)["message"] == f"one or more synchronization tasks are not valid: {said}"
    assert app(cluster)["status"]["resources"][0]["status"] == "Unknown"


@played
async def test_a_commit_that_cannot_be_rendered_ends_in_an_error(cluster: Cluster, folder: Path) -> None:
    write(folder, "app/kustomization.yaml", {"resources": ["no-such-file.yaml"]})
    application(cluster)
    sync(cluster)
    body = await ended(cluster, "Error")
    assert state(body)["message"].startswith(
        "ComparisonError: Failed to load target state: failed to generate manifest"
    )
    assert "no-such-file.yaml" in state(body)["message"]

"""What a sync may start or stop that costs money: said before anything is written."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aiops.errors import AiopsError, Forbidden, Refused
from aiops.gitops.application import Application
from aiops.gitops.directory import Directory
from aiops.gitops.files import Files, Folder
from aiops.operations.gpu_guard import price, refuse_gpu, refuse_reset, workloads
from aiops.session import Session
from tests.operations.api import Api, Refusal

MODEL = "vllm-qwen"
LIVE = "/apis/apps/v1/namespaces/serving/deployments"
PRICES = {"a100": 4.0, "l4": 0.85}
IGNORED = {"group": "apps", "kind": "Deployment", "name": MODEL, "namespace": "serving"}
REPLICAS = {"jsonPointers": ["/spec/replicas"]}


@pytest.mark.parametrize(
    ("prices", "types", "words"),
    [
        (PRICES, ["l4"], "an hour costs 0.85 (l4)"),
        (PRICES, ["l4", "a100"], "an hour costs 4.00 (a100) or 0.85 (l4)"),
        (PRICES, [None], "an hour costs 4.00 (a100) or 0.85 (l4)"),
        (PRICES, ["l4", "h100"], "an hour costs 0.85 (l4); no price is known of h100"),
        (PRICES, ["h100"], "its price is not in the config (aiops.prices)"),
        ({}, [None], "its price is not in the config (aiops.prices)"),
    ],
)
def test_the_price_is_what_the_config_knows(prices: dict[str, float], types: list[str | None], words: str) -> None:
    assert price(prices, set(types)) == words


@pytest.fixture
def model(session: Session) -> Application:
    return next(each for each in session.tree.applications if each.name == MODEL)


@pytest.fixture
def files(work: Path) -> Files:
    return Folder(work)


def runs(api: Api, replicas: int) -> None:
    api.put(LIVE, {"metadata": {"name": MODEL}, "spec": {"replicas": replicas}})


def test_a_workload_lands_in_the_applications_namespace(
    session: Session, model: Application, files: Files, work: Path
) -> None:
    for file in (work / "serving/vllm-qwen").iterdir():
        file.write_text(file.read_text().replace("namespace: serving\n", ""))
    assert [(each.name, each.namespace) for each in workloads(session, model, files)] == [(MODEL, "serving")]


@pytest.mark.parametrize(("directory", "found"), [(Directory(), []), (Directory(recurse=True), [MODEL])])
def test_a_folder_is_searched_as_deep_as_its_source_says(
    session: Session, model: Application, files: Files, work: Path, directory: Directory, found: list[str]
) -> None:
    (source,) = model.sources
    (work / "serving/vllm-qwen/kustomization.yaml").unlink(missing_ok=True)
    deeper = replace(model, sources=(replace(source, path="serving", directory=directory),))
    assert [each.name for each in workloads(session, deeper, files) if each.name == MODEL] == found


@pytest.mark.parametrize(
    ("in_git", "live", "refused"),
    [(0, None, False), (1, None, True), (1, 0, True), (1, 1, False), (0, 0, False), (2, 1, True)],
)
def test_what_starts_a_gpu_needs_a_word(
    session: Session, model: Application, work: Path, api: Api, in_git: int, live: int | None, refused: bool
) -> None:
    manifest = work / "serving/vllm-qwen/deployment.yaml"
    manifest.write_text(manifest.read_text().replace("replicas: 0", f"replicas: {in_git}"))
    if live is not None:
        runs(api, live)
    if not refused:
        return refuse_gpu(session, model, Folder(work), {"spec": {}})
    with pytest.raises(Refused, match=r"would start Deployment serving/vllm-qwen \(1 GPU\): an hour costs") as told:
        refuse_gpu(session, model, Folder(work), {"spec": {}})
    assert "aiops sync --gpu vllm-qwen" in told.value.hint
    return None


def app(*options: str, ignored: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"spec": {"syncPolicy": {"syncOptions": list(options)}, "ignoreDifferences": [ignored] if ignored else None}}


RESPECT = "RespectIgnoreDifferences=true"
ANY = {"group": "apps", "kind": "Deployment"}
CASES: dict[str, tuple[dict[str, Any], bool]] = {
    "both halves": (app(RESPECT, ignored=IGNORED | REPLICAS), True),
    "of every Deployment": (app(RESPECT, ignored=ANY | REPLICAS), True),
    "of every name, spelled empty": (app(RESPECT, ignored=ANY | REPLICAS | {"name": "", "namespace": ""}), True),
    "without respect": (app("CreateNamespace=true", ignored=IGNORED | REPLICAS), False),
    "not respected": (app("RespectIgnoreDifferences=false", ignored=IGNORED | REPLICAS), False),
    "nothing ignored": (app(RESPECT), False),
    "another field": (app(RESPECT, ignored=IGNORED | {"jsonPointers": ["/spec/paused"]}), False),
    "no field": (app(RESPECT, ignored=IGNORED), False),
    "another name": (app(RESPECT, ignored=IGNORED | REPLICAS | {"name": "other"}), False),
    "another namespace": (app(RESPECT, ignored=IGNORED | REPLICAS | {"namespace": "other"}), False),
    "another kind": (app(RESPECT, ignored=IGNORED | REPLICAS | {"kind": "StatefulSet"}), False),
    "another group": (app(RESPECT, ignored=IGNORED | REPLICAS | {"group": ""}), False),
    "no sync policy": ({"spec": {}}, False),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_running_model_is_never_reset(
    session: Session, model: Application, files: Files, api: Api, case: tuple[dict[str, Any], bool]
) -> None:
    body, kept = case
    runs(api, 2)
    if kept:
        return refuse_reset(session, model, files, body)
    with pytest.raises(Refused, match="the running Deployment serving/vllm-qwen from 2 to 0 replicas"):
        refuse_reset(session, model, files, body)
    return None


def test_replicas_that_the_sync_keeps_start_nothing(session: Session, model: Application, work: Path, api: Api) -> None:
    manifest = work / "serving/vllm-qwen/deployment.yaml"
    manifest.write_text(manifest.read_text().replace("replicas: 0", "replicas: 1"))
    runs(api, 0)
    refuse_gpu(session, model, Folder(work), app(RESPECT, ignored=IGNORED | REPLICAS))


@pytest.mark.parametrize("live", [None, 0])
def test_what_does_not_run_cannot_be_reset(
    session: Session, model: Application, files: Files, api: Api, live: int | None
) -> None:
    if live is not None:
        runs(api, live)
    refuse_reset(session, model, files, {"spec": {}})


def test_what_may_not_be_seen_is_not_taken_for_stopped(
    session: Session, model: Application, files: Files, api: Api
) -> None:
    api.refused["GET", f"{LIVE}/{MODEL}"] = Refusal(403, "no")
    with pytest.raises(AiopsError) as told:
        refuse_reset(session, model, files, {"spec": {}})
    assert type(told.value) is Forbidden

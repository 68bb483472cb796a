"""Which model a command means: by the tree and the objects, never by a name that the code knows."""

from pathlib import Path
from typing import Any

import pytest

from aiops.errors import Forbidden, Refused, WrongUse
from aiops.operations.models import chosen_application, live_application, live_model
from aiops.session import Session
from tests.operations.api import APPLICATIONS, Api, Refusal
from tests.operations.cluster import DEPLOYMENTS, LIVE, MODEL, Cluster, manifest, ref

CORE = "  groups:\n    - {name: coding-assistant, layer: serving, gate: always}\n"
CATALOG = f"clusters/lab/catalog/serving-core/{MODEL}.yaml"


def configured(work: Path, lines: str) -> None:
    config = work / "config.yaml"
    config.write_text(config.read_text() + lines)


def rewritten(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def test_the_only_gpu_model_of_a_core_group_is_meant(session: Session) -> None:
    assert chosen_application(session, None) == MODEL


def test_the_configs_choice_comes_first_and_the_named_one_before_it(session: Session, work: Path) -> None:
    configured(work, "  model: coder-fim\n")
    assert chosen_application(session, None) == "coder-fim"
    assert chosen_application(session, "another") == "another"


def test_several_are_named(session: Session, work: Path) -> None:
    rewritten(work / "config.yaml", "  coding-assistant: true\n", "")
    configured(work, CORE)
    with pytest.raises(WrongUse, match=f"which GPU model. several could be meant: {MODEL}, coder-fim") as told:
        chosen_application(session, None)
    assert told.value.exit_code == 2
    assert told.value.hint == f"name one, or set aiops.model in the config; GPU models: {MODEL}, coder-fim"


def test_outside_of_the_core_groups_none_is_meant(session: Session, work: Path) -> None:
    rewritten(work / "serving/vllm-qwen/deployment.yaml", "              nvidia.com/gpu: 1\n", "")
    with pytest.raises(WrongUse, match="no core group of layer serving has one") as told:
        chosen_application(session, None)
    assert told.value.hint.endswith("GPU models: coder-fim")


def test_in_another_layer_none_is_meant(session: Session, work: Path) -> None:
    rewritten(work / "clusters/lab/groups.generated.yaml", "serving-core, layer: serving", "serving-core, layer: demos")
    with pytest.raises(WrongUse, match="no core group of layer serving has one") as told:
        chosen_application(session, None)
    assert told.value.hint.endswith(f"GPU models: {MODEL}, coder-fim")


def test_renamed_it_is_found_all_the_same(session: Session, work: Path, api: Api, cluster: Cluster) -> None:
    """Environment, application, Deployment, namespace and model: in the tree and on the cluster."""
    (work / "clusters/lab").rename(work / "clusters/blue")
    for file in [file for file in work.rglob("*") if file.is_file()]:
        text = file.read_text().replace(MODEL, "llama").replace("clusters/lab", "clusters/blue")
        file.write_text(text.replace("qwen2.5-0.5b-instruct", "herd").replace("name: lab", "name: blue"))
    (work / "serving" / MODEL).rename(work / "serving/llama")
    assert chosen_application(session, None) == "llama"
    body = manifest(f"serving/{MODEL}/deployment.yaml")
    body["metadata"] |= {"name": "server"}
    body["spec"]["template"]["spec"]["containers"][0]["args"] = ["--served-model-name=herd"]
    api.put("/apis/apps/v1/namespaces/farm/deployments", body)
    cluster.application({"metadata": {"name": "llama"}, "spec": {}}, ref("Deployment", "server", "farm"))
    found = live_model(session, "llama")
    assert (found.name, str(found), found.model.served) == ("llama", "Deployment farm/server", "herd")


def test_of_a_tree_that_is_not_applied(session: Session) -> None:
    with pytest.raises(Refused, match=f"{MODEL} is not on the cluster: layer serving is not applied") as told:
        live_application(session, MODEL)
    assert told.value.hint == "aiops root --profile serving"


def test_of_no_tree(session: Session) -> None:
    with pytest.raises(WrongUse, match=r"has no application `vllm-qwem` in an enabled group; did you mean") as told:
        live_application(session, "vllm-qwem")
    assert (told.value.exit_code, told.value.hint) == (2, f"GPU models: {MODEL}, coder-fim")


def test_of_a_group_that_is_off(session: Session, work: Path) -> None:
    rewritten(
        work / "clusters/lab/groups.generated.yaml",
        'coding-assistant, layer: serving, enabled: "true"', 'coding-assistant, layer: serving, enabled: "false"',
    )  # fmt: skip
    with pytest.raises(WrongUse, match="no application `coder-fim` in an enabled group"):
        live_application(session, "coder-fim")


@pytest.mark.parametrize(
    ("resources", "absent"), [([], ""), ([ref("Deployment", MODEL)], ": Deployment serving/vllm-qwen is not there")]
)
def test_it_was_never_synced(session: Session, cluster: Cluster, resources: list[dict[str, Any]], absent: str) -> None:
    cluster.application(manifest(CATALOG), *resources)
    with pytest.raises(Refused, match=f"{MODEL} was never synced{absent}$") as told:
        live_model(session, MODEL)
    assert f"`aiops sync {MODEL}`" in told.value.hint


def test_two_models_in_one_application(session: Session, cluster: Cluster) -> None:
    cluster.deploy("coder-fim")
    cluster.deploy(MODEL)
    cluster.application(manifest(CATALOG), ref("Deployment", MODEL), ref("Deployment", "coder-fim"))
    with pytest.raises(WrongUse, match=f"{MODEL} has 2 GPU Deployments: {MODEL}, coder-fim"):
        live_model(session, MODEL)


def test_what_asks_for_no_gpu_is_no_model(session: Session, api: Api, cluster: Cluster) -> None:
    cluster.deploy(MODEL)
    api.put(DEPLOYMENTS, {"metadata": {"name": "web"}, "spec": {"template": {"spec": {"containers": []}}}})
    cluster.application(manifest(CATALOG), ref("Deployment", "web"), ref("Deployment", MODEL))
    assert live_model(session, MODEL).model.name == MODEL
    cluster.application(manifest(CATALOG), ref("Deployment", "web"))
    with pytest.raises(WrongUse, match=f"{MODEL} has no Deployment that asks for a GPU") as told:
        live_model(session, MODEL)
    assert told.value.hint == ""


def test_inferenceservices_have_a_command_of_their_own(session: Session, cluster: Cluster) -> None:
    cluster.application({"metadata": {"name": "kserve-demo"}}, ref("InferenceService", "qwen-cpu", "demos"))
    with pytest.raises(WrongUse, match="kserve-demo has no Deployment that asks for a GPU") as told:
        live_model(session, "kserve-demo")
    assert told.value.hint == "`aiops resume kserve-demo` switches its InferenceServices on"


@pytest.mark.parametrize("path", [LIVE, f"{APPLICATIONS}/{MODEL}"])
def test_what_may_not_be_read_is_not_taken_for_absent(session: Session, api: Api, cluster: Cluster, path: str) -> None:
    cluster.deploy()
    api.refused["GET", path] = Refusal(403, "no")
    with pytest.raises(Forbidden):
        live_model(session, MODEL)


def test_the_config_knows_better(session: Session, work: Path, cluster: Cluster) -> None:
    configured(
        work,
        f"  models:\n    {MODEL}: {{name: mine, port: '9000', secret: s, key: k, startup: 2h, endpoint: embeddings}}\n",
    )
    cluster.deploy()
    model = live_model(session, MODEL).model
    assert (model.served, model.port, model.startup_s, model.endpoint) == ("mine", 9000, 7200, "embeddings")
    assert (model.key and (model.key.secret, model.key.key)) == ("s", "k")

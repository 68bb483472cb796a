"""The paid half: a model on, proven, and off; whose it is; and that nothing stays on by accident."""

import json
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.scenarios.cluster import eventually, get
from tests.scenarios.conftest import Operator
from tests.scenarios.models import (
    MODEL,
    NAMESPACE,
    RAISED,
    Model,
    chats,
    deployment,
    gateway_server,
    gpu_nodes,
    model_server,
    replicas,
    scale,
)
from tests.serving.server import Server

pytestmark = pytest.mark.long

Changed = Callable[..., str]
DEPLOYMENT = "serving/vllm-qwen/deployment.yaml"
CATALOG = "clusters/lab/catalog/serving-core/vllm-qwen.yaml"


@pytest.fixture
def server(standing: Operator) -> Iterator[Server]:
    """The model is deployed at 0, with a server behind its pods; afterwards it is at 0 again."""
    assert standing("sync", MODEL).code == 0
    with model_server(standing) as running:
        yield running
    scale(standing, 0)
    eventually(standing.cluster, "the GPU nodes leave", lambda: not gpu_nodes(standing))


def test_from_nothing_to_serving_and_back(run: Operator) -> None:
    """bring-up: one stage more than the platform, with the GPU gate; nothing is left that costs money."""
    for words in (("root", "--profile", "serving"), ("wait", "--profile", "serving")):
        assert run(*words).code == 0
    with model_server(run) as server:
        outcome = run("bring-up", "--profile", "serving")
        assert outcome.code == 0, outcome
        assert [each.body["messages"][0]["role"] for each in chats(server)] == ["user", "user"], outcome
        for stage in (f"serving: sync {MODEL}", f"serving: vllm-up {MODEL}", "serving: smoke", f"vllm-down {MODEL}"):
            assert re.search(rf"{stage} +\S+ +done", outcome.out), outcome
        assert replicas(run) == 0
        assert gpu_nodes(run) == []
        assert RAISED not in deployment(run)["metadata"]["annotations"]


def test_through_the_gateway_with_a_key_of_its_own(standing: Operator, server: Server) -> None:
    """One call for each alias whose backend is up, by the endpoint that fits it, and no key left."""
    with gateway_server(standing) as (gateway, app):
        outcome = standing("bring-up", "--profile", "full")
        assert outcome.code == 0, outcome
        assert len(re.findall(r"(?:serving|llm-gateway|full): smoke +\S+ +done", outcome.out)) == 3, outcome
        keys = {key.key for key in app.keys.minted}
        called = {(seen.path, seen.body["model"]) for seen in gateway.seen if seen.key in keys}
        assert called == {("/v1/chat/completions", "qwen-local"), ("/v1/embeddings", "embeddings")}, outcome
        assert [bool(key.max_budget and key.expires) for key in app.keys.minted] == [True, True]
        assert app.keys.live == {}, "a key was left"
        assert not [key for key in keys if key in outcome.text], outcome
    assert chats(server), outcome
    assert (replicas(standing), gpu_nodes(standing)) == (0, [])


def touched(text: str) -> str:
    return text.replace("metadata:\n", f"metadata:\n  annotations: {{touched: 'at-{time.time_ns()}'}}\n", 1)


def test_a_model_that_somebody_raised_stays_up(standing: Operator, server: Server, changed: Changed) -> None:
    """Through a sync, a push, a self-heal of its neighbours, root, wait and a bring-up."""
    assert standing("vllm-up").code == 0
    changed((DEPLOYMENT, touched))
    assert standing("sync", MODEL).code == 0
    standing.cluster.kubectl("-n", NAMESPACE, "scale", "deployment", "embeddings", "--replicas=0")
    eventually(standing.cluster, "embeddings is healed", lambda: replicas(standing, "embeddings") == 1)
    for words in (("root", "--profile", "full"), ("wait", "--profile", "full")):
        assert standing(*words).code == 0
    outcome = standing("bring-up", "--profile", "serving")
    assert outcome.code == 0, outcome
    assert "raised by vllm-up of" in outcome.text, outcome
    assert "vllm-down" not in outcome.out.partition(f"vllm-up {MODEL}: done")[2].replace("aiops vllm-down", ""), outcome
    assert replicas(standing) == 1
    assert f"Deployment {NAMESPACE}/{MODEL} runs on node" in outcome.text, outcome
    assert json.loads(deployment(standing)["metadata"]["annotations"][RAISED])["command"] == "vllm-up"


def test_what_a_killed_run_left_is_taken_over(standing: Operator, server: Server) -> None:
    process = standing.start("bring-up", "--profile", "serving")
    eventually(standing.cluster, "the model is scaled up", lambda: replicas(standing) == 1)
    process.kill()
    process.communicate()
    outcome = standing("bring-up", "--profile", "serving")
    assert outcome.code == 0, outcome
    assert re.search(r"raised by bring-up of .* and never lowered: this run takes it over", outcome.text), outcome
    assert (replicas(standing), gpu_nodes(standing)) == (0, [])


def test_after_an_interrupt_nothing_is_written_and_the_bill_is_told(standing: Operator, server: Server) -> None:
    assert isinstance(server.app, Model)
    server.app.loading = True
    process = standing.start("bring-up", "--profile", "serving")
    eventually(standing.cluster, "the model is asked", lambda: any(seen.path == "/v1/models" for seen in server.seen))
    before = deployment(standing)["metadata"]
    process.send_signal(signal.SIGINT)
    outcome = standing.finish(process, "bring-up")
    assert outcome.code == 130, outcome
    assert re.search(rf"Deployment {NAMESPACE}/{MODEL} runs on node \S+ \(nvidia-l4\), up for .*so far", outcome.err), (
        outcome
    )
    assert f"aiops vllm-down {MODEL}" in outcome.err, outcome
    assert replicas(standing) == 1
    after = deployment(standing)["metadata"]
    assert (after["generation"], after["annotations"]) == (before["generation"], before["annotations"])
    down = standing("vllm-down")
    assert down.code == 0, down
    assert re.search(r"node \S+ left", down.out), down


def listening(pid: int) -> set[str]:
    """The inodes of the TCP sockets on which a process listens."""
    tables = [Path(f"/proc/{pid}/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    open_ones = {line.split()[9] for table in tables for line in table if line.split()[3] == "0A"}
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    return {inode for inode in open_ones if f"socket:[{inode}]" in links}


def test_a_smoke_opens_no_port(standing: Operator, server: Server) -> None:
    assert standing("vllm-up").code == 0
    server.fault, server.late_s = "late", 600.0
    asked = len(server.seen)
    process = standing.start("smoke")
    eventually(standing.cluster, "the model is asked", lambda: len(server.seen) > asked)
    assert listening(process.pid) == set()
    outcome = standing.finish(process, "smoke")
    assert outcome.code == 3, outcome
    assert "did not answer in time" in outcome.out, outcome


FAULTS = {
    "401": "401", "403": "403", "404-model": "404", "400": "400", "429": "429", "500": "500", "503": "503",
    "late": "did not answer in time", "html": "HTML", "blank": "blank", "null": "null", "wrong-model": "model",
    "stream-broken": "stream", "open": "without a key",
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_smoke_that_fails_leaves_no_gpu(standing: Operator, server: Server, fault: str) -> None:
    """The right code, the cause in the last lines, and the model at 0."""
    server.fault, server.late_s = fault, 600.0
    outcome = standing("bring-up", "--profile", "serving")
    assert outcome.code == 3, outcome
    last = "\n".join(outcome.out.splitlines()[-4:])
    assert "serving: smoke: smoke failed: " in last, outcome
    assert FAULTS[fault] in last, outcome
    assert (replicas(standing), gpu_nodes(standing)) == (0, [])


def test_everything_off_with_a_kubeconfig_and_nothing_else(standing: Operator, server: Server, tmp_path: Path) -> None:
    """A broken config, outside any repository, Argo CD down, the least rights; what is not ours is named and left."""
    assert standing("vllm-up").code == 0
    foreign = Path(__file__).with_name("foreign.yaml").read_text()
    standing.cluster.kubectl("create", "namespace", "elsewhere")
    standing.cluster.kubectl("apply", "-f", "-", text=foreign)
    (tmp_path / "config.yaml").write_text("repoURL: [\n")
    with standing.cluster.crashed("argocd-server"), standing.cluster.crashed("argocd-application-controller"):
        environ = {"KUBECONFIG": standing.cluster.gpu_off(), "AIOPS_CONFIG": str(tmp_path / "config.yaml")}
        outcome = standing("vllm-down", "--all", "--timeout", "60s", environ=environ, folder=tmp_path)
    assert outcome.code == 0, outcome
    assert f"lowered   Deployment {NAMESPACE}/{MODEL}: from 1 to 0, raised by vllm-up" in outcome.out, outcome
    assert f"context {standing.cluster.context}" in outcome.text, outcome
    assert "left      Deployment elsewhere/bench: neither Argo CD nor aiops put it there" in outcome.out, outcome
    assert replicas(standing) == 0
    assert int(get(standing.cluster, "deployment", "bench", "elsewhere")["spec"]["replicas"]) == 1
    standing.cluster.kubectl("delete", "namespace", "elsewhere")

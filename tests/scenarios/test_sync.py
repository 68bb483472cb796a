"""`sync` deploys what is manual, and never resets a running model."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.scenarios.cluster import eventually, get
from tests.scenarios.conftest import Operator

pytestmark = pytest.mark.long

MODEL, DEPLOYMENT = "vllm-qwen", "serving/vllm-qwen/deployment.yaml"
CATALOG = "clusters/lab/catalog/serving-core/vllm-qwen.yaml"
Changed = Callable[..., str]


def labelled(text: str) -> str:
    """A change of the model's manifest that is not its replicas, and another one each time."""
    return text.replace("metadata:\n", f"metadata:\n  annotations: {{touched: 'at-{time.time_ns()}'}}\n", 1)


def unkept(text: str) -> str:
    """The application without what keeps live replicas."""
    return re.sub(r".*RespectIgnoreDifferences=true\n", "", text)


@pytest.fixture
def running(standing: Operator) -> Iterator[None]:
    """The model is deployed and somebody scaled it to 1."""
    assert standing("sync", MODEL).code == 0
    scale(standing, 1)
    yield
    scale(standing, 0)


def scale(operator: Operator, replicas: int) -> None:
    operator.cluster.kubectl("-n", "serving", "scale", "deployment", MODEL, f"--replicas={replicas}")


def replicas(operator: Operator) -> int:
    return int(get(operator.cluster, "deployment", MODEL, "serving")["spec"]["replicas"])


@pytest.mark.parametrize("road", ["kubernetes", "argocd"])
@pytest.mark.usefixtures("running")
def test_a_running_model_keeps_running(standing: Operator, changed: Changed, road: str) -> None:
    changed((DEPLOYMENT, labelled))
    outcome = standing("sync", MODEL, environ=standing.cluster.argocd() if road == "argocd" else None)
    assert outcome.code == 0, outcome
    assert f"Deployment serving/{MODEL}" in outcome.text, outcome
    assert ("Argo CD's API" in outcome.text) == (road == "argocd"), outcome
    assert get(standing.cluster, "deployment", MODEL, "serving")["metadata"]["annotations"][
        "touched"
    ] in standing.repository.read(DEPLOYMENT)
    assert replicas(standing) == 1
    again = standing("sync", MODEL)
    assert "1 unchanged" in again.text, again


@pytest.mark.usefixtures("running")
def test_a_sync_that_would_reset_a_running_model_is_refused(standing: Operator, changed: Changed) -> None:
    changed((CATALOG, unkept), (DEPLOYMENT, labelled))
    assert standing("wait", "--profile", "serving").code == 0
    outcome = standing("sync", MODEL)
    assert outcome.code == 3, outcome
    assert f"would set the running Deployment serving/{MODEL} from 1 to 0 replicas" in outcome.text, outcome
    assert replicas(standing) == 1


def test_what_starts_a_gpu_is_refused_with_its_price(standing: Operator, changed: Changed) -> None:
    changed((CATALOG, unkept), (DEPLOYMENT, lambda text: text.replace("replicas: 0", "replicas: 1")))
    assert standing("wait", "--profile", "serving").code == 0
    before = get(standing.cluster, "application", MODEL)["status"].get("operationState")
    outcome = standing("sync", MODEL)
    assert outcome.code == 3, outcome
    assert re.search(rf"would start Deployment serving/{MODEL} \(1 GPU\): an hour costs .*0.85", outcome.text), outcome
    assert get(standing.cluster, "application", MODEL)["status"].get("operationState") == before


def deeper(text: str) -> str:
    """The application takes plain manifests, and of a deeper folder too."""
    taken = '    directory: { recurse: true, exclude: "{kustomization,deployment}.yaml" }\n'
    return unkept(text.replace("    path: serving/vllm-qwen\n", f"    path: serving/vllm-qwen\n{taken}"))


def test_a_model_in_a_deeper_folder_is_seen_where_its_source_looks_there(standing: Operator, changed: Changed) -> None:
    """Whatever the kustomization lists that lies there: Argo CD does not read it then."""
    up = labelled(standing.repository.read(DEPLOYMENT).replace("replicas: 0", "replicas: 1"))
    standing.repository.write("serving/vllm-qwen/deep/deployment.yaml", up)
    changed((CATALOG, deeper))
    assert standing("wait", "--profile", "serving").code == 0
    outcome = standing("sync", MODEL)
    assert outcome.code == 3, outcome
    assert f"would start Deployment serving/{MODEL} (1 GPU)" in outcome.text, outcome
    outcome = standing("sync", MODEL, "--gpu")
    assert (outcome.code, replicas(standing)) == (0, 1), outcome
    scale(standing, 0)


def test_a_running_operation_is_waited_for(standing: Operator, changed: Changed) -> None:
    changed((DEPLOYMENT, labelled))
    operation = json.dumps({"operation": {"sync": {"syncOptions": ["RespectIgnoreDifferences=true"]}}})
    with standing.cluster.stalled("argocd-application-controller"):
        standing.cluster.kubectl("-n", "argocd", "patch", "application", MODEL, "--type=merge", "-p", operation)
        process = standing.start("sync", MODEL)
    outcome = standing.finish(process, "sync", MODEL)
    assert outcome.code == 0, outcome
    assert get(standing.cluster, "application", MODEL)["status"]["sync"]["status"] == "Synced"


def test_a_refused_token_is_an_error_and_no_other_road(standing: Operator, changed: Changed) -> None:
    changed((DEPLOYMENT, labelled))
    outcome = standing("sync", MODEL, environ={**standing.cluster.argocd(), "ARGOCD_AUTH_TOKEN": "not-a-token"})
    assert outcome.code == 5, outcome
    assert "(401)" in outcome.text, outcome
    assert "not-a-token" not in outcome.text, outcome
    assert get(standing.cluster, "application", MODEL)["status"]["sync"]["status"] == "OutOfSync"


@pytest.fixture
def other_argocd() -> Iterator[str]:
    """An Argo CD of somebody else: it has an application of that name, which is another object."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"metadata": {"name": MODEL, "uid": "somebody-elses"}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_another_argo_cd_is_noticed(standing: Operator, changed: Changed, other_argocd: str) -> None:
    changed((DEPLOYMENT, labelled))
    outcome = standing("sync", MODEL, environ={**standing.cluster.argocd(), "ARGOCD_SERVER": other_argocd})
    assert outcome.code == 2, outcome
    assert f"ARGOCD_SERVER {other_argocd} is not the Argo CD of context" in outcome.text, outcome


def test_an_unknown_name(standing: Operator) -> None:
    outcome = standing("sync", "vllm-qwem")
    assert outcome.code == 2, outcome
    assert "did you mean `vllm-qwen`?" in outcome.text, outcome


def test_a_failing_sync_is_a_no(standing: Operator, changed: Changed) -> None:
    changed((DEPLOYMENT, lambda text: text.replace("type: Recreate", "type: Sideways")))
    outcome = standing("sync", MODEL)
    assert outcome.code == 3, outcome
    assert "Sideways" in outcome.text, outcome
    eventually(
        standing.cluster, "its retries end", lambda: not get(standing.cluster, "application", MODEL).get("operation")
    )

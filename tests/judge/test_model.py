"""What a Deployment says of the model that it serves, in every way in which manifests say it."""

from typing import Any

import pytest

from aiops.judge.model import SecretKey, asks_for_gpu, model_of
from aiops.snapshot import Json
from tests.judge.models import GPU, MODEL, container, deployment, spec


def of(*containers: Json, **changes: Any) -> Any:
    return model_of(deployment(spec(containers=list(containers), **changes)))


def started(*words: str, **changes: Any) -> Any:
    """The model of a container with these arguments."""
    return of(container(args=list(words), **changes))


def asks(gpus: object, field: str = "limits", **more: object) -> Json:
    return {"name": "c", "resources": {field: {GPU: gpus}}, **more}


def test_the_usual_manifest() -> None:
    assert (MODEL.namespace, MODEL.name, MODEL.container) == ("models", "chat", "vllm")
    assert (MODEL.port, MODEL.served, MODEL.endpoint, MODEL.tools) == (8000, "chat-7b", "chat", False)
    assert MODEL.key == SecretKey("key", "api-key")
    assert (MODEL.gpus, MODEL.accelerator, MODEL.replicas, MODEL.startup_s) == (1, None, 1, 600.0)


@pytest.mark.parametrize(
    ("words", "served"),
    [
        (["--served-model-name=a", "--model=w/x"], "a"),
        (["--served-model-name", "a", "b", "--model", "w/x"], "a"),
        (["--model=w/x"], "w/x"),
        (["--model", "w/x"], "w/x"),
        (["--served_model_name=a", "--model=w/x"], "a"),
        (["--model-id=w/x"], "w/x"),
        (["serve", "w/x", "--port", "1"], "w/x"),
        (["w/x", "--port", "1"], "w/x"),
        (["--port", "1"], ""),
        (["--served-model-name", "--model=w/x"], "w/x"),
        ([], ""),
    ],
    ids=["=", "several names", "weights", "weights apart", "underscores", "TEI", "vllm serve", "in the entrypoint",
         "none", "no value", "no words"],
)  # fmt: skip
def test_the_name_that_it_serves(words: list[str], served: str) -> None:
    assert started(*words).served == served


SCRIPT = """set -e
python stage.py --model tiny/x && exec vllm serve 'w/x' \\
  --port 9000 --served-model-name "it's"; echo over
"""


@pytest.mark.parametrize(
    ("command", "args", "served", "port"),
    [
        (["vllm", "serve", "w/x", "--port=9000"], [], "w/x", 9000),
        (["python3", "-m", "vllm.entrypoints.openai.api_server"], ["--model", "w/x", "--port", "9000"], "w/x", 9000),
        (["sh", "-c", "vllm serve w/x --port 9000"], [], "w/x", 9000),
        (["/bin/bash", "-lc"], ["exec vllm serve w/x --port=9000"], "w/x", 9000),
        (["sh", "-c", SCRIPT], [], "it's", 9000),
        (["sh", "-c", "vllm serve w/x --port 9000 --note it's"], [], "w/x", 9000),
        (["sh", "-c", "vllm serve $MODEL --port $(PORT)"], [], "w/x", 9000),
        (["sh", "-c", "vllm serve ${MODEL} --port $UNKNOWN"], [], "w/x", 8000),
        (["sh", "-c", "vllm serve $UNKNOWN"], [], "$UNKNOWN", 8000),
        (["python3", "-c", "serve w/x --port 9000"], [], "", 8000),
        (["sh", "-c", ""], [], "", 8000),
    ],
    ids=["command", "module", "shell", "shell in args", "script", "broken quotes", "variables", "unknown variable",
         "unknown name", "no shell", "empty script"],
)  # fmt: skip
def test_a_command_line(command: list[str], args: list[str], served: str, port: int) -> None:
    env = [{"name": "MODEL", "value": "w/x"}, {"name": "PORT", "value": "9000"}]
    model = of(container(command=command, args=args, env=env))
    assert (model.served, model.port) == (served, port)


@pytest.mark.parametrize("words", ["serve w/x", "--model w/x", "--model-id=w/x", "--served-model-name w/x"])
@pytest.mark.parametrize("shell", ["sh", "/bin/bash", "dash", "ash", "zsh"])
def test_in_a_script_the_server_is_found_by_its_options(shell: str, words: str) -> None:
    command = [shell, "-ec", f"stage --model=w/other; server {words} && echo over || echo failed"]
    assert of(container(command=command, args=[])).served == "w/x"


def test_a_server_that_has_nothing_but_a_port() -> None:
    assert of(container(command=["sh", "-c", "server --port=1; echo over"], args=[])).port == 1


@pytest.mark.parametrize(
    ("words", "ports", "port"),
    [
        (["--port=9000"], [{"containerPort": 1}], 9000),
        ([], [{"containerPort": 1}, {"name": "http", "containerPort": 2}], 2),
        ([], [{"name": "x", "containerPort": 1}, {"containerPort": 2}], 1),
        ([], [], 8000),
        (["--port=x"], [{"containerPort": 1}], 1),
    ],
    ids=["argument", "http first", "the first", "vLLM's own", "no number"],
)
def test_the_port(words: list[str], ports: list[Json], port: int) -> None:
    assert started(*words, ports=ports).port == port


PROXY = {"name": "proxy", "ports": [{"containerPort": 1}]}


def test_the_one_with_the_gpu_serves() -> None:
    assert of(PROXY, container()).container == "vllm"


def test_without_a_gpu_the_one_that_listens_serves() -> None:
    assert of({"name": "log"}, PROXY).container == "proxy"
    assert of({"name": "log"}).container == "log"
    assert model_of({"metadata": {"name": "x"}}).container == ""


@pytest.mark.parametrize(
    ("env", "key"),
    [
        ([{"name": "OTHER", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}], None),
        ([{"name": "VLLM_API_KEY", "value": "plain"}], None),
        ([], None),
    ],
)
def test_no_key(env: list[Json], key: None) -> None:
    assert of(container(env=env)).key is key


BASE = "acme/Coder-7B"


@pytest.mark.parametrize(
    ("words", "endpoint"),
    [
        (["--model=acme/Coder-7B-Instruct-AWQ"], "chat"),
        (["--model=google/gemma-3-4b-it"], "chat"),
        (["--model=acme/Coder-Chat"], "chat"),
        (["--model=acme/Coder-4B-Thinking-2507"], "chat"),
        (["--model=openai/gpt-oss-20b"], "chat"),
        (["--model=Qwen/Qwen3-8B"], "chat"),
        (["--model=Qwen/Qwen3-8B-Base"], "completions"),
        (["--model=google/gemma-3-4b-pt"], "completions"),
        ([f"--model={BASE}"], "completions"),
        (["--model=acme/Kitchen-7B"], "completions"),
        (["serve", BASE], "completions"),
        (["--model=/models/x"], "chat"),
        (["--model=s3://bucket/x"], "chat"),
        (["--model=./x"], "chat"),
        (["--model=~/x"], "chat"),
        ([f"--model={BASE}", "--tool-call-parser=hermes"], "chat"),
        ([f"--model={BASE}", "--chat-template=x"], "chat"),
        ([f"--model={BASE}", "--task=embed"], "embeddings"),
        ([f"--model={BASE}", "--task", "embedding"], "embeddings"),
        ([f"--model={BASE}", "--task=generate"], "completions"),
        ([f"--model={BASE}", "--runner=pooling"], "embeddings"),
        ([f"--model={BASE}", "--convert", "embed"], "embeddings"),
        ([], "chat"),
    ],
)
def test_what_it_can_be_asked_for(words: list[str], endpoint: str) -> None:
    assert started(*words).endpoint == endpoint


TALKS = ("instruct", "chat", "it", "assistant", "thinking", "think", "reasoning", "dialog", "dialogue", "sft", "dpo",
         "rlhf", "tool", "tools", "agent", "distill", "r1")  # fmt: skip
FAMILIES = ("gpt-oss-20b", "Qwen3-8B", "QwQ-32B", "phi-4", "zephyr-7b-beta", "vicuna-7b", "Hermes-3-8B")


@pytest.mark.parametrize("name", [*(f"x-7b-{word}-v1" for word in TALKS), *FAMILIES])
def test_a_name_that_says_it_talks(name: str) -> None:
    assert started(f"--model=acme/{name}").endpoint == "chat"


@pytest.mark.parametrize(
    "name", ["x-7b-base", "qwen3_base", "x-pretrain-7b", "x-pretrained", "x-pt", "italic-7b", "gpt2"]
)
def test_a_name_that_does_not(name: str) -> None:
    assert started(f"--model=acme/{name}").endpoint == "completions"


@pytest.mark.parametrize(
    "word", ["--chat-template=x", "--enable-auto-tool-choice", "--tool-call-parser=x", "--reasoning-parser=x"]
)
def test_a_server_that_is_set_up_to_talk(word: str) -> None:
    assert started(f"--model={BASE}", word).endpoint == "chat"


def test_a_model_on_the_cpu() -> None:
    image = "ghcr.io/huggingface/text-embeddings-inference:cpu-1.7"
    ports = [{"name": "http", "containerPort": 8080}]
    model = started("--model-id=acme/embed", "--port=8080", image=image, ports=ports, resources={}, env=[])
    assert (model.endpoint, model.served, model.port, model.gpus, model.key) == (
        "embeddings", "acme/embed", 8080, 0, None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "tools"),
    [(["--enable-auto-tool-choice"], True), (["--tool-call-parser", "hermes"], True), (["--tool"], False)],
)
def test_whether_it_parses_tool_calls(words: list[str], tools: bool) -> None:
    assert started(*words).tools is tools


@pytest.mark.parametrize(
    ("probe", "seconds"),
    [
        ({"periodSeconds": 10, "failureThreshold": 90}, 900.0),
        ({"initialDelaySeconds": 5, "periodSeconds": 1, "failureThreshold": 10}, 15.0),
        ({"httpGet": {"path": "/health"}}, 30.0),
        (None, 600.0),
    ],
    ids=["budget", "delay", "Kubernetes' defaults", "no probe"],
)
def test_how_long_it_may_take(probe: Json | None, seconds: float) -> None:
    assert of(container(startupProbe=probe)).startup_s == seconds


@pytest.mark.parametrize("label", ["cloud.google.com/gke-accelerator", "nvidia.com/gpu.product"])
def test_the_accelerator_that_it_pins(label: str) -> None:
    assert of(container(), nodeSelector={label: "nvidia-l4"}).accelerator == "nvidia-l4"


@pytest.mark.parametrize(("written", "replicas"), [({"replicas": 0}, 0), ({"replicas": 2}, 2), ({}, 1)])
def test_the_replicas_wanted(written: Json, replicas: int) -> None:
    body = deployment()
    body["spec"] = {**written, "template": body["spec"]["template"]}
    assert model_of(body).replicas == replicas


def test_what_is_given_wins() -> None:
    model = model_of(
        deployment(), name="n", port=1, secret="s", key="k", startup_s=2.0, endpoint="completions"
    )  # fmt: skip
    assert (model.served, model.port, model.startup_s, model.endpoint) == ("n", 1, 2.0, "completions")
    assert model.key == SecretKey("s", "k")


def test_half_a_key_replaces_that_half() -> None:
    assert model_of(deployment(), secret="s").key == SecretKey("s", "api-key")
    assert model_of(deployment(), key="k").key == SecretKey("key", "k")
    assert model_of(deployment(spec(containers=[container(env=[])])), secret="s").key is None
    assert model_of(deployment(spec(containers=[container(env=[])])), key="k").key is None


@pytest.mark.parametrize(
    ("pod", "gpus"),
    [
        ({"containers": [asks(2)]}, 2),
        ({"containers": [asks("2", "requests")]}, 2),
        ({"containers": [asks(2), asks(1), {"name": "proxy"}]}, 3),
        ({"initContainers": [asks(4)], "containers": [asks(1)]}, 4),
        ({"initContainers": [asks(1), asks(1)], "containers": []}, 1),
        ({"initContainers": [asks(1, restartPolicy="Always")], "containers": [asks(1)]}, 2),
        ({"initContainers": [asks(1, restartPolicy="Always"), asks(3)], "containers": [asks(1)]}, 4),
        ({"initContainers": [asks(3), asks(1, restartPolicy="Always")], "containers": [asks(1)]}, 3),
        ({"containers": [asks("1k")]}, 1),
        ({"containers": [asks(0)]}, 0),
        ({"containers": [{"name": "c"}]}, 0),
        ({}, 0),
    ],
    ids=["limits", "requests", "together", "an init container", "one after the other", "a sidecar",
         "a sidecar before", "a sidecar after", "odd number", "0", "no GPU", "nothing"],
)  # fmt: skip
def test_gpus_of_a_pod(pod: Json, gpus: int) -> None:
    assert asks_for_gpu({"kind": "Pod", "spec": pod}) == gpus
    assert asks_for_gpu({"kind": "Job", "spec": {"template": {"spec": pod}}}) == gpus

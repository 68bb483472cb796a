"""Which program an image holds, which version of vLLM, and whether a container serves with it."""

from typing import Any

import pytest

from aiops.judge.serving_images import base_of, is_vllm_image, serves_with_vllm, vllm_version


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("vllm/vllm-openai:v0.23.0@sha256:6d84", (0, 23)),
        ("registry.example.com:5000/mirror/vllm-openai-cpu:v0.23.0-x86_64", (0, 23)),
        ("acme/own-vllm:0.9.1", (0, 9)),
        ("localhost:5000/vllm", None),
        ("vllm/vllm-openai@sha256:6d84", None),
        ("nvcr.io/nvidia/vllm:25.09-py3", None),
        ("lmcache/vllm-openai:v0.3.9", None),
        ("ghcr.io/llm-d/llm-d-cuda:v0.3.0", None),
    ],
)
def test_an_image_of_vllm(image: str, version: tuple[int, int] | None) -> None:
    assert is_vllm_image(image)
    assert vllm_version(image) == version


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/llm-d/llm-d-inference-sim:v0.8.2",
        "ghcr.io/vllm-project/guidellm:v0.5.0",
        "vllm/vllm-router:v0.1.1",
        "x/vllm-sim:v1.0.0",
        "ghcr.io/llm-d/llm-d-routing-sidecar:v0.2.0",
        "postgres:16",
    ],
)
def test_what_stands_beside_it(image: str) -> None:
    assert not is_vllm_image(image)
    assert vllm_version(image) is None


def test_a_port_of_a_registry_is_no_tag() -> None:
    assert base_of("registry:5000/a/b@sha256:1") == "b"


@pytest.mark.parametrize(
    ("container", "serves"),
    [
        ({"image": "vllm/vllm-openai:v0.23.0", "args": ["--model=x/y"]}, True),
        ({"image": "vllm/vllm-openai:v0.23.0", "command": ["python3", "-c", "download()"]}, False),
        ({"image": "vllm/vllm-openai:v0.23.0", "command": ["bash", "-c", "vllm bench serve --model x"]}, False),
        ({"image": "acme/server:1", "command": ["bash", "-c", "prepare\nexec vllm serve x/y --port 80"]}, True),
        ({"image": "acme/server:1", "command": ["python3", "-m", "vllm.entrypoints.openai.api_server"]}, True),
        ({"image": "acme/server:1"}, False),
    ],
)
def test_its_command_decides_where_there_is_one(container: dict[str, Any], serves: bool) -> None:
    assert serves_with_vllm(container) is serves

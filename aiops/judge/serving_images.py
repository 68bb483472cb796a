"""Which program is in a container, by its image and by what it is started with: of a manifest or of a live object.

A look keeps neither command nor arguments: there, an image that can serve is held to be serving. An init container of
the same image only fetches weights; who asks leaves those out.
"""

import re
from itertools import pairwise

from aiops.gitops.parsing import Body, value
from aiops.gitops.workloads import pods_made_by
from aiops.judge.command_line import CommandLine

Version = tuple[int, int]
"""Major and minor, as vLLM 0.23."""
_VLLM = re.compile(r"(.*[-_])?vllm([-_].*)?|llm-d(-(dev|cuda|aws|gke|cpu|xpu|hpu|rocm)\b.*)?")
"""The last part of an image's name: vLLM's own, and what llm-d builds around it."""
_BESIDE = re.compile(r"router|sim(ulator)?($|[-_])|bench|gateway|proxy|pool|epp|scheduler|exporter|operator")
"""In the name of what only stands beside a server."""
_OTHERS = ("huggingfaceserver", "llama.cpp", "ollama", "sglang", "text-generation-inference", "tritonserver")
"""How the names of other servers' images begin: KServe's, ggml's, Ollama's, SGLang's, Hugging Face's, NVIDIA's."""
_TAG = re.compile(r"v?(\d)\.(\d+)\.\d")
"""As `v0.23.0-x86_64`. NVIDIA's `25.09-py3` is a month."""
_OF_ANOTHER = ("lmcache",)
"""They tag images of vLLM with a version of their own (https://hub.docker.com/r/lmcache/vllm-openai/tags)."""


def image_of(container: Body) -> str:
    """Its image; empty where there is none."""
    return str(value(container, "image") or "")


def repository_of(image: str) -> str:
    """An image without its tag and digest, in lower case: `ghcr.io/berriai/litellm`."""
    name = image.partition("@")[0].lower()
    path, slash, last = name.rpartition("/")
    return f"{path}{slash}{last.partition(':')[0]}"


def base_of(image: str) -> str:
    """The last part of its name: `vllm-openai`."""
    return repository_of(image).rpartition("/")[2]


def is_vllm_image(image: str) -> bool:
    """It holds vLLM. A simulator, a router and a benchmark do not."""
    return bool(_VLLM.fullmatch(base_of(image))) and not _BESIDE.search(base_of(image))


def vllm_version(image: str) -> Version | None:
    """The version of vLLM that its tag names; None where it names none (`latest`, a digest, another's version)."""
    name = image.partition("@")[0]
    found = _TAG.match(name.rpartition("/")[2].partition(":")[2])
    own = is_vllm_image(image) and "vllm" in base_of(image) and not any(each in name.lower() for each in _OF_ANOTHER)
    return (int(found[1]), int(found[2])) if found and own else None


def serves_with_vllm(container: Body) -> bool:
    """The container runs a vLLM server. Where it has a command, that decides: the image may only lend its Python."""
    if not value(container, "command"):
        return is_vllm_image(image_of(container))
    words = CommandLine(container).words
    starts = any(before.rpartition("/")[2] == "vllm" and word == "serve" for before, word in pairwise(words))
    return starts or any(word.startswith("vllm.entrypoints.") for word in words)


def serves_vllm(workload: Body) -> bool:
    """A workload, live or declared, whose pods run a vLLM server."""
    containers = (each for pods in pods_made_by(workload) for each in pods.containers)
    return any(serves_with_vllm(each.body) for each in containers if not each.init)


def is_tei_image(image: str) -> bool:
    """Hugging Face's text-embeddings-inference."""
    return base_of(image).startswith("text-embeddings-inference")


def is_model_server_image(image: str) -> bool:
    """It holds a server of models, whichever."""
    return is_vllm_image(image) or is_tei_image(image) or base_of(image).startswith(_OTHERS)


def serves_a_model(container: Body) -> bool:
    """The container runs a server of models; of vLLM's image, where it is started as one."""
    image = image_of(container)
    return serves_with_vllm(container) or (is_model_server_image(image) and not is_vllm_image(image))


def is_dcgm_exporter_image(image: str) -> bool:
    """NVIDIA's exporter of GPU metrics, whoever mirrors it: `nvcr.io/nvidia/k8s/dcgm-exporter`."""
    return "dcgm-exporter" in base_of(image)

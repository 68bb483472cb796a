"""What a model's server said before it ended, and what that means.

The texts are those of vLLM (0.6 to 0.23), PyTorch, huggingface_hub, transformers and argparse.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from aiops.judge.finding import Evidence
from aiops.judge.phases.secrets import masked
from aiops.judge.text import one_line
from aiops.snapshot import Json


class Meaning(NamedTuple):
    """What a line of a log means."""

    sign: re.Pattern[str]
    id: str
    cause: str
    fix: str
    patient: bool = False
    """Another start may do; only one that fails again and again will not."""
    offline: bool = False
    """So only of a container that may not go to the hub; of another one the network is the cause."""


MEANINGS = (
    Meaning(
        re.compile(r"CUDA out of memory|OutOfMemoryError: CUDA|Free memory on device .* is less than desired"),
        "gpu-memory",
        "the GPU's memory is too small for it",
        "Lower --gpu-memory-utilization or --max-model-len, or pin a GPU with more memory in its nodeSelector.",
    ),
    Meaning(
        re.compile(
            r"No available memory for the cache blocks|number of tokens that can be stored in KV cache"
            r"|larger than the available KV cache memory"
        ),
        "kv-cache",
        "beside the weights the GPU's memory has no room for the KV cache of its context length",
        "Lower --max-model-len, raise --gpu-memory-utilization, or pin a GPU with more memory in its nodeSelector.",
    ),
    Meaning(
        re.compile(r"error: unrecognized arguments|error: argument .*: |invalid choice: "),
        "arguments",
        "its server does not know one of its arguments",
        "Correct the arguments in the Deployment: they are of another version than the image.",
    ),
    Meaning(
        re.compile(r"Failed to infer device type"),
        "no-device",
        "its container sees no GPU",
        "Off GKE its pod needs runtimeClassName nvidia: `kubectl get runtimeclass`",
    ),
    Meaning(
        re.compile(r"compute capability|Minimum capability"),
        "gpu-type",
        "the GPU is too old for its data type or quantization",
        "Pin a newer GPU in its nodeSelector, or set --dtype=half.",
    ),
    Meaning(
        re.compile(r"429 Client Error|Too Many Requests|status code:? 429"),
        "rate-limited",
        "Hugging Face lets no more through from this cluster for now",
        "Wait some minutes and try again; weights that are on its volume are not asked for (HF_HUB_OFFLINE=1).",
        patient=True,
    ),
    Meaning(
        re.compile(
            r"GatedRepoError|40[13] Client Error|Access to model .* is restricted|Cannot access gated repo"
            r"|is a gated repo|RepositoryNotFoundError"
        ),
        "gated",
        "Hugging Face does not give it the weights: its token is missing or has no access, or there is no such model",
        "Accept the model's terms on huggingface.co, and put a token that may read it into the Secret of HF_TOKEN.",
    ),
    Meaning(
        re.compile(r"outgoing traffic has been disabled|OfflineModeIsEnabled"),
        "not-staged",
        "its weights are not on its volume, and it may not fetch them",
        "Let an init container fetch the weights into its volume (same model id, same HF_HOME).",
    ),
    Meaning(
        re.compile(
            r"LocalEntryNotFoundError|couldn't connect to 'https://huggingface\.co'|Cannot find the requested files"
        ),
        "not-staged",
        "its weights are not on its volume, and it may not fetch them",
        "Let an init container fetch the weights into its volume (same model id, same HF_HOME).",
        offline=True,
    ),
    Meaning(
        re.compile(r"LocalEntryNotFoundError|couldn't connect to 'https://huggingface\.co'"),
        "hub-unreachable",
        "it cannot reach huggingface.co",
        "Let the pod out to huggingface.co (NetworkPolicy, egress, DNS), or put the weights on its volume.",
        patient=True,
    ),
)
"""The first that any line matches, whichever line that is: what ends an engine is said before what follows from it."""


def meaning_of(lines: Iterable[str], *, offline: bool) -> tuple[Meaning, str] | None:
    """What the last lines of a container mean, with the one line that says so, its secrets masked.

    No other line is ever shown: logs hold secrets. `offline`: the container may not go to the hub.
    """
    lines = tuple(lines)
    for meaning in MEANINGS:
        found = next((line for line in reversed(lines) if meaning.sign.search(line)), None)
        if found is not None and (offline or not meaning.offline):
            return meaning, one_line(masked(found))
    return None


def key_of(pod: Json, container: str) -> str:
    """Under which the read `last-words` of a look has a container."""
    meta = pod["metadata"]
    return f"{meta.get('namespace', '')}/{meta['name']}/{container}"


def quoted(container: str, line: str) -> Evidence:
    """The line as evidence."""
    return Evidence(f"log of {container}", line)

"""GPU types, as a node's label or a cloud spells them: their memory, and what they cannot do.

Memory is what nvidia-smi shows without ECC, a little more than a process gets: whoever says that something does not fit
is to be right.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class GpuType:
    """A type of GPU."""

    memory_gib: float
    bf16: bool = True
    """bfloat16, from compute capability 8.0 on (https://developer.nvidia.com/cuda-gpus)."""


_SIZE = re.compile(r"(?<!\d)(\d{2,3})gb")
_TYPES: tuple[tuple[str, GpuType], ...] = (
    ("t4", GpuType(15.0, bf16=False)),
    ("l4", GpuType(22.5)),
    ("l40s?", GpuType(45.0)),
    ("a10g?", GpuType(22.5)),
    ("a16", GpuType(15.0)),
    ("a30", GpuType(24.0)),
    ("a40", GpuType(45.0)),
    ("a100", GpuType(40.0)),
    ("h100", GpuType(79.6)),
    ("h200", GpuType(140.4)),
    ("b200", GpuType(179.0)),
    ("v100", GpuType(16.0, bf16=False)),
    ("p100", GpuType(16.0, bf16=False)),
    ("p4", GpuType(7.5, bf16=False)),
    ("k80", GpuType(11.2, bf16=False)),
)
_LARGER = {("a100", "80"): 80.0, ("v100", "32"): 32.0, ("h100", "94"): 93.6}
"""Types of which there are two, the smaller one in the table."""
_LABEL = re.compile(r"nvidia-(?:tesla-)?[a-z]\d+[a-z]?(?:-(?:mega-)?\d+gb)?")
"""As GKE and AWS label nodes: `nvidia-tesla-t4`, `nvidia-h100-80gb`."""


def gpu_type(label: str) -> GpuType | None:
    """What a label's value says, as `nvidia-tesla-t4`, `Tesla-T4` or `NVIDIA-A100-SXM4-80GB`; None: an unknown one.

    A part of a GPU (`-MIG-1g.5gb`, `-SHARED`) is unknown: how large it is, its name does not always tell.
    """
    words = re.split(r"[-_ ]", label.lower())
    if {"mig", "shared"} & set(words):
        return None
    for name, found in _TYPES:
        if any(re.fullmatch(name, word) for word in words):
            size = _SIZE.search(label.lower())
            return GpuType(_LARGER.get((name, size[1]), found.memory_gib), found.bf16) if size else found
    return None


def named_in(text: str) -> tuple[str, ...]:
    """The labels of known types that a text holds: a file of Terraform, say."""
    return tuple(dict.fromkeys(each for each in _LABEL.findall(text) if gpu_type(each)))

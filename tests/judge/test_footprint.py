"""How much memory a model takes by its name, against what vLLM and the hub say of it."""

import pytest

from aiops.judge.command_line import CommandLine
from aiops.judge.footprint import Footprint, footprint_of
from aiops.judge.gpu_types import gpu_type, named_in
from aiops.judge.machines import machine_of, smallest


def footprint(model: str, *args: str) -> Footprint | None:
    return footprint_of(model, CommandLine({"args": list(args)}))


@pytest.mark.parametrize(
    ("model", "gib"),
    [
        ("Qwen/Qwen2.5-0.5B-Instruct", 0.92),
        ("Qwen/Qwen2.5-Coder-1.5B", 2.88),
        ("Qwen/Qwen2.5-7B-Instruct-AWQ", 5.2),
        ("Qwen/Qwen2.5-Coder-14B-Instruct-AWQ", 9.3),
        ("Qwen/Qwen2.5-32B-Instruct-AWQ", 18.0),
        ("meta-llama/Llama-3.1-8B-Instruct", 14.96),
        ("Qwen/Qwen3-8B-FP8", 8.8),
    ],
)
def test_weights_are_as_large_as_the_files_on_the_hub(model: str, gib: float) -> None:
    found = footprint(model)
    assert found is not None
    assert found.weights_gib == pytest.approx(gib, rel=0.02)


def test_a_family_that_is_not_known_is_taken_for_a_little_smaller_than_its_name() -> None:
    found = footprint("acme/llm-7b", "--max-model-len=100000")
    assert found is not None
    assert found.weights_gib < 7 * 2 * 10**9 / 2**30
    assert (found.kv_gib, found.tokens) == (0.0, 0)


@pytest.mark.parametrize(
    ("args", "tokens"),
    [
        (("--max-model-len=16384",), 16384),
        (("--max-model-len", "16k"), 16000),
        (("--max_model_len=16K",), 16384),
        (("--max-model-len=auto",), 0),
        (("--max-model-len", "-1"), 0),
        (("--max-model-len=$(TOKENS)",), 0),
        (("--kv-cache-memory-bytes=2G",), 0),
        ((), 32768),
    ],
)
def test_the_kv_cache_is_that_of_one_request(args: tuple[str, ...], tokens: int) -> None:
    found = footprint("Qwen/Qwen2.5-14B-Instruct", *args)
    assert found is not None
    assert found.tokens == tokens
    assert found.kv_gib == pytest.approx(tokens * 192 / 2**20)


def test_what_makes_it_smaller_counts() -> None:
    whole = footprint("Qwen/Qwen2.5-14B-Instruct")
    half = footprint("Qwen/Qwen2.5-14B-Instruct", "--kv-cache-dtype=fp8", "--cpu-offload-gb=4")
    four = footprint("Qwen/Qwen2.5-14B-Instruct", "--quantization=bitsandbytes")
    assert whole is not None
    assert half is not None
    assert four is not None
    assert half.kv_gib == whole.kv_gib / 2
    assert half.weights_gib == pytest.approx(whole.weights_gib - 4)
    assert four.weights_gib == pytest.approx(9.3, rel=0.02)


@pytest.mark.parametrize(
    "model", ["mistralai/Mixtral-8x7B-v0.1", "acme/model", "TheBloke/Llama-7B-GGUF", "microsoft/phi-4"]
)
def test_a_name_that_does_not_tell(model: str) -> None:
    assert footprint(model) is None


def test_a_quantisation_that_nobody_knows() -> None:
    assert footprint("acme/llm-7b", "--quantization=torchao") is None


@pytest.mark.parametrize(
    ("label", "gib", "bf16"),
    [
        ("nvidia-tesla-t4", 15.0, False),
        ("Tesla-T4", 15.0, False),
        ("nvidia-l4", 22.5, True),
        ("NVIDIA-L40S", 45.0, True),
        ("nvidia-tesla-a100", 40.0, True),
        ("NVIDIA-A100-SXM4-80GB", 80.0, True),
        ("Tesla-V100-SXM2-32GB", 32.0, False),
    ],
)
def test_a_gpu_by_its_label(label: str, gib: float, bf16: bool) -> None:
    found = gpu_type(label)
    assert found is not None
    assert (found.memory_gib, found.bf16) == (gib, bf16)


@pytest.mark.parametrize("label", ["amd-mi300x", "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", "NVIDIA-L4-SHARED", ""])
def test_a_gpu_that_is_not_known(label: str) -> None:
    assert gpu_type(label) is None


def test_the_types_that_a_file_of_terraform_names() -> None:
    text = 'type = "nvidia-tesla-t4"  # or nvidia-l4\nimage = "nvidia-driver"\ntype = "nvidia-tesla-t4"'
    assert named_in(text) == ("nvidia-tesla-t4", "nvidia-l4")


@pytest.mark.parametrize(
    ("name", "gib"),
    [("g2-standard-8", 32), ("n1-standard-4", 15), ("a2-highgpu-1g", 85), ("g5.xlarge", 16), ("g6e.2xlarge", 64)],
)
def test_a_machine_by_its_name(name: str, gib: float) -> None:
    found = machine_of(name)
    assert found is not None
    assert found.memory_gib == gib
    assert machine_of("my-own") is None


def test_the_smallest_machine_on_which_a_pod_finds_room() -> None:
    cases = [(1, 2, 6), (1, 2, 20), (1, 8, 6), (2, 2, 6)]
    found = [smallest("nvidia-l4", *case) for case in cases]
    assert [each.name for each in found if each] == [
        "g2-standard-4",
        "g2-standard-8",
        "g2-standard-12",
        "g2-standard-24",
    ]
    assert smallest("nvidia-tesla-t4", 1, 2, 6) is None
    assert smallest("nvidia-l4", 16, 2, 6) is None

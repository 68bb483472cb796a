"""Which metrics of vLLM a query asks for, and which version has them."""

import pytest

from aiops.judge.vllm_metrics import CHANGES, Server, Standing, cure_of, names_in, server_of, standing


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("sum(rate(vllm:time_to_first_token_seconds_bucket[5m])) by (le)", ("time_to_first_token_seconds",)),
        ('{__name__="vllm:num_requests_waiting"} + vllm:num_requests_waiting', ("num_requests_waiting",)),
        ("vllm:prompt_tokens_total / vllm:x:rate5m", ("prompt_tokens",)),
        ("job:vllm:x + http://vllm:8000/metrics", ()),
        ("image vllm:stub-1", ("stub",)),
    ],
)
def test_the_names_in_a_query(query: str, names: tuple[str, ...]) -> None:
    assert names_in(query) == names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpu_cache_usage_perc", ["there", "leaving", "hidden", "gone", "gone"]),
        ("time_per_output_token_seconds", ["there", "there", "leaving", "hidden", "gone"]),
        ("num_requests_swapped", ["hidden", "gone", "gone", "gone", "gone"]),
        ("request_time_per_output_token_seconds", ["there"] * 5),
    ],
)
def test_what_became_of_a_metric(name: str, expected: list[Standing]) -> None:
    versions = [(0, 9), (0, 10), (0, 11), (0, 13), (0, 23)]
    assert [standing(name, Server(version)) for version in versions] == expected


def test_a_new_name_is_not_yet_in_an_old_server() -> None:
    assert standing("kv_cache_usage_perc", Server((0, 8))) == "not yet"
    assert "upgrade the server" in cure_of("kv_cache_usage_perc")


@pytest.mark.parametrize(("flag", "shows"), [("0.11", True), ("0.10", False), ("0.11.0", False)])
def test_only_the_version_before_brings_back_what_is_hidden(flag: str, shows: bool) -> None:
    args = ["--model=x", f"--show-hidden-metrics-for-version={flag}"]
    server = server_of({"image": "vllm/vllm-openai:v0.12.0", "args": args})
    assert server == Server((0, 12), shows)
    assert standing("time_per_output_token_seconds", Server((0, 12), shows)) == ("leaving" if shows else "hidden")


def test_each_change_is_in_order() -> None:
    for name, change in CHANGES.items():
        assert change.deprecated <= change.hidden <= change.gone, name

"""How much a model's server has been used, by the metrics that vLLM and TEI write."""

import pytest

from aiops.judge.requests import requests_of

VLLM = """\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="qwen2.5-0.5b"} 2.0
# HELP vllm:num_requests_waiting Number of requests waiting to be processed.
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="qwen2.5-0.5b"} 1.0
# HELP vllm:request_success_total Count of successfully processed requests.
# TYPE vllm:request_success_total counter
vllm:request_success_total{engine="0",finished_reason="stop",model_name="qwen2.5-0.5b"} 7.0
vllm:request_success_total{engine="0",finished_reason="length",model_name="qwen2.5-0.5b"} 3.0
vllm:request_success_total{engine="0",finished_reason="abort",model_name="qwen2.5-0.5b"} 0.0
# TYPE vllm:request_success_created gauge
vllm:request_success_created{engine="0",finished_reason="stop",model_name="qwen2.5-0.5b"} 1.7958098e+09
vllm:e2e_request_latency_seconds_count{engine="0",model_name="qwen2.5-0.5b"} 10.0
vllm:e2e_request_latency_seconds_bucket{engine="0",le="+Inf",model_name="qwen2.5-0.5b"} 10.0
http_requests_total{handler="/metrics",method="GET",status="2xx"} 400.0
python_info{implementation="CPython",version="3.12.3"} 1.0
"""
TEI = """\
# TYPE te_request_success counter
te_request_success{method="batch"} 5
te_request_success{method="single"} 6
# TYPE te_queue_size gauge
te_queue_size 3
"""


def test_what_vllm_has_answered_and_what_it_is_at() -> None:
    assert requests_of(VLLM) == {"finished": 10, "running": 3}


def test_what_tei_has_answered() -> None:
    assert requests_of(TEI) == {"finished": 11, "running": 3}


@pytest.mark.parametrize(
    ("line", "finished"),
    [
        ("vllm:request_success_total 4", 4),
        ("vllm:request_success_total{} 4.0", 4),
        ('vllm:request_success_total{model_name="a"}   4.0', 4),
        ('vllm:request_success_total{model_name="a"} 1.2e+06', 1_200_000),
        ('vllm:request_success_total{model_name="a"} 5E-1', 0),
        ('vllm:request_success_total{model_name="a"} 4.0 1795809800000', 4),
        ('vllm:request_success_total{model_name="a b, c=\\"d\\""} 4.0', 4),
        ("vllm:request_success_total 4\r", 4),
        ("te_request_success_total 4", 4),
    ],
    ids=["bare", "no labels", "spaces", "exponent", "a half", "a timestamp", "quotes", "CR", "OpenMetrics"],
)
def test_the_forms_of_a_sample(line: str, finished: int) -> None:
    assert requests_of(f"# TYPE x counter\n{line}\n") == {"finished": finished, "running": 0}


def test_nothing_was_asked_yet() -> None:
    """vLLM's counters are there from its start, at zero."""
    text = 'vllm:num_requests_running{model_name="a"} 0.0\nvllm:request_success_total{finished_reason="stop"} 0.0\n'
    assert requests_of(text) == {"finished": 0, "running": 0}


def test_a_counter_that_comes_with_the_first_request() -> None:
    """TEI's are: what is running alone shows that it is such a server."""
    assert requests_of("te_queue_size 0\n") == {"finished": 0, "running": 0}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>not found</html>",
        "python_info 1.0\n",
        "# HELP vllm:request_success_total Count of requests.\n# TYPE vllm:request_success_total counter\n",
        "# vllm:request_success_total 4\n",
        "vllm:request_success_total_sum 4\nmy_vllm:request_success_total 4\n",
        "vllm:request_success_created 1.79e+09\n",
    ],
    ids=["nothing", "a page", "others", "only its description", "a remark", "alike names", "when it was made"],
)
def test_metrics_that_do_not_tell(text: str) -> None:
    assert requests_of(text) == {"problem": "its metrics do not count requests"}


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-", "e"])
def test_a_value_that_is_no_number_is_no_count(value: str) -> None:
    found = requests_of(f"vllm:num_requests_running {value}\nvllm:request_success_total 4\n")
    assert found == {"finished": 4, "running": 0}

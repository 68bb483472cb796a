"""Phase 6: from started containers to a Ready pod. Texts of kubelet, vLLM, PyTorch, huggingface_hub and argparse."""

from typing import Any

import pytest

from aiops.judge.phases.phase import Stand
from aiops.snapshot import Json
from tests.judge.models import (
    DONE,
    STAGE,
    again,
    ago,
    container,
    ended,
    event,
    judged,
    placed,
    running,
    short,
    spec,
    state,
    waiting,
)

LOADS = "container vllm runs and is not ready yet"
ENDED = "container vllm ended (Error, exit code 1)"


def crashed(log: str = "", body: Json | None = None, env: Json | None = None, **changes: Any) -> Stand:
    """A server that ended once, with the last lines of its log."""
    offline = [env] if env else []
    template = {**spec(containers=[container(env=offline)]), "nodeName": "gpu-1"}
    pod = placed(body or again(), init=(DONE,), spec=template)
    return judged(pod, logs={"vllm": log} if log else {}, **changes)


def test_the_weights_are_fetched_first() -> None:
    stand = judged(placed(state(), init=(running("stage"),)))
    assert short(stand) == ("weights", "", "container stage runs before vllm")
    assert stand.wants_log == ()


def test_the_server_loads_them() -> None:
    pulled = event(
        "Pulled", 'Successfully pulled image "r.io/vllm:1" in 3m2s (3m2s including waiting). Image size: 9 bytes.', 99
    )
    unhealthy = event(
        "Unhealthy", 'Startup probe failed: Get "http://10.0.0.5:8000/health": connection refused', count=40
    )
    stand = judged(placed(running(), init=(DONE,)), events=(pulled, unhealthy))
    assert short(stand) == ("weights", "", LOADS)
    assert [each.source for each in stand.evidence] == ["event Unhealthy", "event Pulled"]
    assert "3m2s" in stand.evidence[1].text
    assert stand.wants_log == ()


def test_between_the_two() -> None:
    assert short(judged(placed(state(), init=(DONE,)))) == ("weights", "", "container vllm is being started")


def test_a_sidecar_runs_along() -> None:
    sidecar = running("proxy", ready=True)
    assert judged(placed(running(), init=(sidecar, DONE))).detail.endswith(LOADS)


@pytest.mark.parametrize("body", [ended(137, "OOMKilled"), again(137, "OOMKilled"), again(1, "OOMKilled", restarts=5)])
def test_out_of_the_hosts_memory(body: Json) -> None:
    """The first time already: it needs as much the next time (VS4)."""
    stand = crashed(body=body)
    said = "container vllm was OOMKilled: its memory limit is 12Gi"
    assert short(stand) == ("weights", "model.memory", said)
    assert "limits.memory" in stand.fix
    assert str(stand.evidence[0]) == "container vllm: OOMKilled"
    assert stand.evidence[0].at in (ago(5), ago(30))
    assert stand.wants_log == ("vllm",)


def test_out_of_memory_without_a_limit() -> None:
    template = {**spec(containers=[container(resources={})]), "nodeName": "gpu-1"}
    stand = judged(placed(ended(137, "OOMKilled"), spec=template))
    assert stand.detail.endswith("it has no memory limit, so its node's memory was used up")


def test_out_of_memory_while_the_weights_are_fetched() -> None:
    stand = judged(placed(state(), init=(ended(137, "OOMKilled", name="stage"),)))
    assert short(stand) == ("weights", "model.memory", "container stage was OOMKilled: its memory limit is 4Gi")
    assert stand.wants_log == ("stage",)


@pytest.mark.parametrize("code", [137, 143, 0], ids=["killed", "ended by SIGTERM", "ended well"])
@pytest.mark.parametrize(("probe", "fix"), [("startup", "failureThreshold"), ("liveness", "a startupProbe")])
def test_killed_by_a_probe(probe: str, fix: str, code: int) -> None:
    """KServe's 10 min, and 2.5 min for a 1B model, were too tight (kserve#5062, vllm#17386; VS6)."""
    events = (
        event("Unhealthy", f"{probe.title()} probe failed: connection refused", 60),
        event("Killing", f"Container vllm failed {probe} probe, will be restarted", 50),
    )
    stand = crashed(body=again(code), events=events)
    assert short(stand) == (
        "weights",
        "model.probe",
        f"container vllm was killed by its {probe}Probe before it was ready",
    )
    assert fix in stand.fix
    assert [each.source for each in stand.evidence] == ["event Killing", "event Unhealthy"]


def test_killed_by_something_else() -> None:
    message = "Container vllm failed startup probe, will be restarted"
    others = (event("Killing", message.replace("vllm", "vllm-proxy")), event("Unhealthy", message))
    for events in ((), others):
        stand = crashed(body=ended(137), events=events)
        detail = "container vllm ended (Error, exit code 137): something killed it, and no probe did"
        assert short(stand) == ("weights", "model.killed", detail)
        assert stand.fix == "kubectl -n models logs chat-1-a -c vllm --previous"


def test_a_container_that_its_node_lost() -> None:
    """After its node came back the kubelet gives that code to what it does not know any more."""
    lost = again(137, "ContainerStatusUnknown")
    assert crashed(body=lost).hope == "yes"


def test_a_restart_whose_end_nobody_knows() -> None:
    stand = crashed(body=running(restartCount=2))
    assert short(stand) == ("weights", "model.crash", "container vllm ended (Error, exit code ?) again and again")


def test_a_probe_that_has_not_killed_it_yet() -> None:
    events = (event("Unhealthy", "Startup probe failed: connection refused", count=59),)
    assert short(judged(placed(running(), init=(DONE,)), events=events)) == ("weights", "", LOADS)
    killing = (event("Killing", "Container vllm failed startup probe, will be restarted"),)
    assert judged(placed(running(), init=(DONE,)), events=killing).hope == "yes"


GATED = (
    "huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-x)",
    "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://huggingface.co/m/x/resolve/main/config.json",
    "Access to model meta-llama/Llama-3.1-8B is restricted. You must have access to it and be authenticated.",
    "Cannot access gated repo for url https://huggingface.co/api/models/m/x.",
    "raise GatedRepoError(message, response) from e",
    "OSError: You are trying to access a gated repo: m/x is a gated repo",
    "huggingface_hub.errors.RepositoryNotFoundError: Repository Not Found",
)
LAST_WORDS = [
    ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.", "model.gpu-memory"),
    (
        "ValueError: Free memory on device (1.2/22.0 GiB) on startup is less than desired GPU memory utilization",
        "model.gpu-memory",
    ),
    ("ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`", "model.kv-cache"),
    (
        "ValueError: The model's max seq len (32768) is larger than the maximum number of tokens that can be stored in "
        "KV cache (8192).",
        "model.kv-cache",
    ),
    ("8.00 GiB KV cache is needed, which is larger than the available KV cache memory (4.95 GiB)", "model.kv-cache"),
    ("api_server.py: error: unrecognized arguments: --no-such", "model.arguments"),
    ("vllm serve: error: argument --dtype: invalid choice: 'x' (choose from 'auto')", "model.arguments"),
    ("RuntimeError: Failed to infer device type", "model.no-device"),
    ("ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0.", "model.gpu-type"),
    (
        "The quantization method gptq_marlin is not supported for the current GPU. Minimum capability: 80.",
        "model.gpu-type",
    ),
    ("torch.cuda.OutOfMemoryError: CUDA error: allocation failed", "model.gpu-memory"),
    ("vllm serve: error: argument --max-model-len: expected one argument", "model.arguments"),
    ("ValueError: invalid choice: 'hermes3'", "model.arguments"),
    ("OfflineModeIsEnabled: Cannot reach https://huggingface.co/api: offline mode is enabled.", "model.not-staged"),
    *((line, "model.gated") for line in GATED),
]
MEANINGS = {
    "model.gpu-memory": ("too small", "--gpu-memory-utilization"),
    "model.kv-cache": ("KV cache", "--max-model-len"),
    "model.arguments": ("arguments", "Correct the arguments"),
    "model.no-device": ("no GPU", "runtimeClassName"),
    "model.gpu-type": ("too old", "newer GPU"),
    "model.gated": ("token", "terms"),
    "model.not-staged": ("not on its volume", "init container"),
    "model.rate-limited": ("no more through", "HF_HUB_OFFLINE=1"),
    "model.hub-unreachable": ("cannot reach", "NetworkPolicy"),
}
"""By id, a word of the cause and one of the cure."""


@pytest.mark.parametrize(("line", "id"), LAST_WORDS)
def test_what_it_said_before_it_ended(line: str, id: str) -> None:
    """The first time already: it will say the same again (GD5, GD6, CS3, vllm#2248, huggingface_hub#1119)."""
    stand = crashed(f"INFO starting\n{line}\nTraceback (most recent call last):")
    assert (stand.phase, stand.id) == ("weights", id)
    assert stand.detail.startswith(f"chat (Deployment): {ENDED}: ")
    assert MEANINGS[id][0] in stand.detail
    assert MEANINGS[id][1] in stand.fix
    assert [str(each) for each in stand.evidence] == [f"log of vllm: {line}"]
    assert stand.wants_log == ("vllm",)


@pytest.mark.parametrize(("line", "id"), LAST_WORDS)
def test_while_it_runs_for_the_first_time_it_may_get_over_it(line: str, id: str) -> None:
    stand = judged(placed(running(), init=(DONE,)), logs={"vllm": line})
    assert short(stand) == ("weights", "", LOADS)


def test_what_it_said_in_its_termination_message() -> None:
    """terminationMessagePolicy FallbackToLogsOnError puts the end of the log there."""
    stand = crashed(body=ended(message="x\nRuntimeError: Failed to infer device type\ny"))
    assert (stand.id, stand.evidence[0].text) == ("model.no-device", "RuntimeError: Failed to infer device type")


def test_the_log_of_another_container_says_nothing() -> None:
    stand = judged(placed(again(), init=(DONE,)), logs={"stage": LAST_WORDS[0][0]})
    assert short(stand) == ("weights", "", f"{ENDED} and starts again")


def test_the_log_of_an_init_container() -> None:
    stand = judged(placed(state(), init=(ended(name="stage"),)), logs={"stage": GATED[0]})
    assert stand.id == "model.gated"
    assert stand.evidence[0].source == "log of stage"


def test_what_ends_an_engine_outweighs_what_follows() -> None:
    log = "CUDA out of memory\nHTTPError: 403 Client Error for url: https://stats\nRuntimeError: Engine core failed"
    assert crashed(log).id == "model.gpu-memory"


LIMITED = "huggingface_hub.errors.HfHubHTTPError: 429 Client Error: Too Many Requests for url: https://huggingface.co/x"
UNREACHED = (
    "We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the cached files."
)
ABSENT = "LocalEntryNotFoundError: An error happened while trying to locate the files on the Hub"
STAGED = (
    "LocalEntryNotFoundError: Cannot find the requested files in the disk cache and outgoing traffic has been disabled."
)


@pytest.mark.parametrize(
    ("line", "id"),
    [
        (LIMITED, "model.rate-limited"),
        ("429 Client Error. for url", "model.rate-limited"),
        ("Too Many Requests", "model.rate-limited"),
        ("unexpected status code: 429", "model.rate-limited"),
        (UNREACHED, "model.hub-unreachable"),
        (ABSENT, "model.hub-unreachable"),
    ],
    ids=["429 (OG4)", "429 alone", "words alone", "TEI's", "no network", "no network, by the hub's client"],
)
def test_what_another_start_may_get_over(line: str, id: str) -> None:
    stand = crashed(line)
    assert (stand.id, stand.hope) == ("", "yes")
    assert stand.detail.endswith("; it starts again")
    assert stand.evidence[0].text == line
    often = crashed(line, again(restarts=2))
    assert often.id == id
    assert MEANINGS[id][0] in stand.detail
    assert MEANINGS[id][1] in often.fix


@pytest.mark.parametrize("line", [STAGED, UNREACHED, ABSENT, "Cannot find the requested files in the disk cache"])
@pytest.mark.parametrize("name", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"])
@pytest.mark.parametrize("value", ["1", "true", "YES", "on"])
def test_offline_with_an_empty_volume(line: str, name: str, value: str) -> None:
    stand = crashed(line, env={"name": name, "value": value})
    assert stand.id == "model.not-staged"
    assert MEANINGS[stand.id][0] in stand.detail
    assert MEANINGS[stand.id][1] in stand.fix


def test_offline_that_is_switched_off() -> None:
    assert crashed(UNREACHED, env={"name": "HF_HUB_OFFLINE", "value": "0"}).hope == "yes"
    assert crashed(UNREACHED, env={"name": "VLLM_DO_NOT_TRACK", "value": "1"}).hope == "yes"
    assert crashed(STAGED).id == "model.not-staged", "it says itself that it was offline"


def test_too_many_requests_outweighs_the_empty_volume_that_follows() -> None:
    stand = judged(placed(state(), init=(ended(name="stage", restarts=2),)), logs={"stage": f"{LIMITED}\n{ABSENT}"})
    assert stand.id == "model.rate-limited"


@pytest.mark.parametrize("line", ["429 tokens", "(EngineCore pid=429) INFO", "took 401 s", "INFO 403 blocks"])
def test_a_number_alone_says_nothing(line: str) -> None:
    assert short(crashed(line)) == ("weights", "", f"{ENDED} and starts again")


SECRETS = [
    ("HF_TOKEN=hf_abcdefGHIJK", "hf_abcdefGHIJK"),
    ("token hf_abcdefGHIJK", "hf_abcdefGHIJK"),
    ("key sk-proj-abc_DEF123", "sk-proj-abc_DEF123"),
    ("Authorization: Bearer abc.def.ghi", "abc.def.ghi"),
    ("url: https://user:pass@hub/x", "user:pass"),
    ("url: https://cdn/x?Policy=aaa&Signature=bbb", "aaa"),
    ("--api-key plain-secret", "plain-secret"),
    ("--api-key=plain-secret", "plain-secret"),
    ("{'token': 'plain-secret'}", "plain-secret"),
    ("CLIENT_SECRET=plain-secret", "plain-secret"),
    ('"password": "plain-secret"', "plain-secret"),
]


@pytest.mark.parametrize(("said", "secret"), SECRETS)
def test_no_secret_of_a_log_is_shown(said: str, secret: str) -> None:
    stand = crashed(f"x: error: unrecognized arguments: {said}\nthe next line holds {secret}")
    shown = " ".join((stand.detail, stand.fix, *map(str, stand.evidence)))
    assert secret not in shown
    assert "***" in shown
    assert "next line" not in shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("hf_abcdefGHIJK and sk-abcdef", "hf_*** and sk-***"),
        ("bearer abc, x", "bearer *** x"),
        ("https://user:pass@hub/x?a=b c", "https://***@hub/x?*** c"),
        ("--hf-token=abc --x", "--hf-token=*** --x"),
        ("--hf-token abc --x", "--hf-token *** --x"),
    ],
)
def test_the_rest_of_its_line_is_shown(said: str, shown: str) -> None:
    assert (
        crashed(f"error: unrecognized arguments: {said}").evidence[0].text == f"error: unrecognized arguments: {shown}"
    )


def test_a_line_without_secrets_stays_as_it_is() -> None:
    line = "error: unrecognized arguments: --max-tokens 5 --tokenizer x, see https://docs/x, token is invalid"
    assert crashed(line).evidence[0].text == line


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (ended(), f"{ENDED} and starts again"),
        (again(), f"{ENDED} and starts again"),
        (
            waiting("CrashLoopBackOff", restartCount=1, lastState={"terminated": {"exitCode": 1, "reason": "Error"}}),
            f"{ENDED} and starts again",
        ),
        (ended(0, "Completed", restarts=1), "container vllm ended (Completed, exit code 0) and starts again"),
    ],
    ids=["ended", "runs again", "in back-off", "ended well"],
)
def test_the_first_restart(body: Json, detail: str) -> None:
    """The first CrashLoopBackOff is no end: it reads the same in all that a restart passes through."""
    stand = crashed(body=body)
    assert short(stand) == ("weights", "", detail)
    assert stand.wants_log == ("vllm",)


def test_without_init_containers_it_reads_the_same() -> None:
    body = waiting("CrashLoopBackOff", restartCount=1, lastState={"terminated": {"exitCode": 1, "reason": "Error"}})
    assert short(judged(placed(body))) == ("weights", "", f"{ENDED} and starts again")


@pytest.mark.parametrize("body", [ended(restarts=2), again(restarts=2), again(restarts=7)])
def test_the_second_restart(body: Json) -> None:
    stand = crashed("nothing that is known", body)
    assert short(stand) == ("weights", "model.crash", f"{ENDED} again and again")
    assert stand.fix == "kubectl -n models logs chat-1-a -c vllm --previous"
    assert not stand.evidence


def test_the_second_restart_of_an_init_container() -> None:
    stand = judged(placed(state(), init=(ended(name="stage", restarts=2),)))
    assert short(stand) == ("weights", "model.crash", "container stage ended (Error, exit code 1) again and again")


def test_an_init_container_that_is_done_at_last() -> None:
    done = {**DONE, "restartCount": 4, "lastState": {"terminated": {"exitCode": 1}}}
    stand = judged(placed(running(), init=(done,)), logs={"stage": GATED[0]})
    assert short(stand) == ("weights", "", LOADS)
    assert stand.wants_log == ()


def test_a_neighbour_that_keeps_ending() -> None:
    proxy = ended(restarts=2, name="proxy")
    stand = judged(placed(running(), proxy, init=(DONE,)))
    assert stand.detail.endswith("container proxy ended (Error, exit code 1) again and again")
    assert stand.wants_log == ("proxy",)


def test_of_two_troubles_the_one_without_hope() -> None:
    stand = judged(placed(ended(), ended(restarts=2, name="proxy"), init=(DONE,)))
    assert "container proxy" in stand.detail
    assert stand.wants_log == ("vllm", "proxy")


def test_the_builders_name_what_the_template_has() -> None:
    assert STAGE["name"] == DONE["name"]

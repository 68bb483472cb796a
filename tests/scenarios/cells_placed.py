"""What is played once the model's pod has a node: the words of kubelet and containerd, logs, and the model's server."""

import re

from aiops.snapshot import Json
from tests.scenarios.by_hand import (
    IMAGE,
    SERVER,
    STAGE,
    STAGED,
    Hand,
    again,
    container,
    end,
    running,
    waiting,
)
from tests.scenarios.cells import Cell, Play, both, fails, joins, waits
from tests.scenarios.models import NAMESPACE, SERVED, secret
from tests.serving.vllm import Vllm

RESOLVE = f'failed to pull and unpack image "docker.io/{IMAGE}": failed to resolve reference "docker.io/{IMAGE}": '


def kubelet(*containers: Json, init: Json = STAGED) -> Play:
    """A node joins, and its kubelet says so of the pod's containers."""
    return both(joins(), lambda hand: hand.kubelet(*containers, init=(init,)))


def pull(cause: str, reason: str = "ImagePullBackOff") -> Play:
    """As a kubelet since 1.31 words it."""
    message = f"rpc error: code = Unknown desc = {RESOLVE}{cause}"
    if reason == "ImagePullBackOff":
        message = f'Back-off pulling image "{IMAGE}": ErrImagePull: {message}'
    return kubelet(container(), init=waiting(reason, message, STAGE))


def by_kubelet(reason: str, message: str, kind: str = "Normal", count: int = 1, of: str = "") -> Play:
    return lambda hand: hand.event(
        hand.pod(placed=True), reason, message, source="kubelet", kind=kind, count=count, of=of
    )


def image_fails(source: str, said: str, fix: str, play: Play) -> Cell:
    return fails("image", source, said, fix, play)


def image_waits(source: str, said: str, play: Play) -> Cell:
    return waits("image", source, said, play)


MOUNT = 'MountVolume.SetUp failed for volume "weights" : secret "gcs-key" not found'
NO_RUNTIME = 'Failed to create pod sandbox: no runtime for "nvidia" is configured'
ATTACHED = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) vllm-qwen-old'
DENIED, CORRECT = "Give the pod an imagePullSecret", "Correct the image in the Deployment"
IMAGE_FAILS = (
    image_fails(
        "kubelet", "InvalidImageName: vllm/vllm-openai:", CORRECT,
        kubelet(waiting("InvalidImageName", "couldn't parse image name", image="vllm/vllm-openai:")),
    ),
    *(
        image_fails(source, f"{IMAGE} cannot be pulled: .*{re.escape(said)}", fix, pull(said))
        for source, said, fix in (
            ("containerd: 401", "unexpected status code [manifests v0.23.0]: 401 Unauthorized", DENIED),
            ("containerd: 403", "failed to fetch oauth token: unexpected status: 403 Forbidden", DENIED),
            ("docker.io", "pull access denied, repository does not exist or may require authorization", DENIED),
            ("containerd: 404", "manifest unknown", CORRECT),
            ("containerd", f"docker.io/{IMAGE}: not found", CORRECT),
            ("containerd's disk", "write /var/lib/containerd/x: no space left on device", "larger disks"),
        )
    ),
    image_fails(
        "kubelet: a Secret of the environment", 'container vllm: CreateContainerConfigError: secret "hf" not found',
        "get externalsecret,secret hf", kubelet(waiting("CreateContainerConfigError", 'secret "hf" not found')),
    ),
    image_fails(
        "kubelet: a Secret of a volume", f"FailedMount: {MOUNT}", "get externalsecret,secret gcs-key",
        both(
            kubelet(container(), init=waiting("PodInitializing", name=STAGE)),
            by_kubelet("FailedMount", MOUNT, "Warning", 2),
        ),
    ),
)  # fmt: skip
IMAGE_WAITS = (
    image_waits("kubelet, which has not taken it up", "its containers are being made", joins()),
    image_waits(
        "kubelet: Pulling", f'Pulling image "{IMAGE}"',
        both(joins(), by_kubelet("Pulling", f'Pulling image "{IMAGE}"', of=STAGE)),
    ),
    image_waits(
        "kubelet: the first ErrImagePull, though it is a 401", f"{IMAGE} cannot be pulled: .*401 Unauthorized",
        pull("unexpected status code: 401 Unauthorized", "ErrImagePull"),
    ),
    image_waits(
        "containerd: a network that hangs", f"{IMAGE} cannot be pulled: .*i/o timeout", pull("dial tcp: i/o timeout"),
    ),
    image_waits("docker.io's rate limit", "cannot be pulled: .*429 Too Many Requests", pull("429 Too Many Requests")),
    image_waits(
        "kube-controller-manager: Multi-Attach (VS5)", "FailedAttachVolume: Multi-Attach error",
        both(joins(), by_kubelet("FailedAttachVolume", ATTACHED, "Warning")),
    ),
    image_waits(
        "kubelet: the operator's runtime is not there yet (GD4)", f"FailedCreatePodSandBox: {NO_RUNTIME}",
        both(joins(), by_kubelet("FailedCreatePodSandBox", NO_RUNTIME, "Warning", 3)),
    ),
)  # fmt: skip

ENDED = r"container vllm ended \(Error, exit code 1\)"


def logged(line: str, *containers: Json, init: Json = STAGED, of: str = SERVER) -> Play:
    """A container that ended, whose log holds this line."""

    def play(hand: Hand) -> None:
        hand.log("INFO starting", line, "Traceback (most recent call last):", of=of)
        kubelet(*containers, init=init)(hand)

    return play


def crash_fails(source: str, said: str, fix: str, line: str) -> Cell:
    """The first time already."""
    return fails("weights", source, f"{ENDED}: {said}", fix, logged(line, again()))


def weights_fails(source: str, said: str, fix: str, play: Play) -> Cell:
    return fails("weights", source, said, fix, play)


def weights_waits(source: str, said: str, play: Play) -> Cell:
    return waits("weights", source, said, play)


def killed_by(probe: str) -> Play:
    return both(
        joins(),
        by_kubelet("Unhealthy", f"{probe.title()} probe failed: connection refused", "Warning", 60, SERVER),
        by_kubelet("Killing", f"Container vllm failed {probe} probe, will be restarted", of=SERVER),
        lambda hand: hand.kubelet(again(137)),
    )


CUDA = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 22 GiB"
GATED = "huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1-x)"
LIMITED = "huggingface_hub.errors.HfHubHTTPError: 429 Client Error: Too Many Requests for url: https://huggingface.co/x"
GPU_MEMORY, NO_ACCESS = "the GPU's memory is too small for it", "Hugging Face does not give it the weights"
WEIGHTS_FAILS = (
    crash_fails("PyTorch", GPU_MEMORY, "--gpu-memory-utilization", CUDA),
    crash_fails(
        "vLLM: its share of the GPU", GPU_MEMORY, "--max-model-len",
        "ValueError: Free memory on device (1.2/22.0 GiB) on startup is less than desired GPU memory utilization",
    ),
    crash_fails(
        "vllm#2248", "beside the weights the GPU's memory has no room", "--max-model-len",
        "ValueError: The model's max seq len (32768) is larger than the maximum number of tokens that can be stored "
        "in KV cache (8192).",
    ),
    crash_fails("huggingface_hub: gated, 401", NO_ACCESS, "Accept the model's terms", GATED),
    crash_fails(
        "huggingface_hub#1119: 403", NO_ACCESS, "Accept the model's terms",
        "requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://huggingface.co/m/x/config.json",
    ),
    crash_fails(
        "transformers, offline with an empty volume", "its weights are not on its volume", "init container",
        "OSError: We couldn't connect to 'https://huggingface.co' to load the files, and couldn't find them in the "
        "cached files.",
    ),
    crash_fails(
        "argparse", "its server does not know one of its arguments", "Correct the arguments",
        "vllm serve: error: unrecognized arguments: --no-such",
    ),
    crash_fails("vLLM without a GPU (GD5)", "its container sees no GPU", "runtimeClassName nvidia",
                "RuntimeError: Failed to infer device type"),
    crash_fails("vLLM on an old GPU", "the GPU is too old", "--dtype=half",
                "ValueError: Bfloat16 is only supported on GPUs with compute capability of at least 8.0."),
    weights_fails(
        "kubelet: OOMKilled (VS4)", "container vllm was OOMKilled: its memory limit is 12Gi", "Raise limits.memory",
        kubelet(again(137, "OOMKilled")),
    ),
    weights_fails(
        "kubelet: OOMKilled while the weights are fetched", f"container {STAGE} was OOMKilled: its memory limit is 4Gi",
        "Raise limits.memory", kubelet(container(), init=again(137, "OOMKilled", name=STAGE)),
    ),
    weights_fails(
        "kubelet: exit code 137", r"container vllm ended \(Error, exit code 137\): something killed it", "--previous",
        kubelet(again(137)),
    ),
    weights_fails(
        "kubelet: startupProbe (kserve#5062, vllm#17386)", "container vllm was killed by its startupProbe",
        "Raise failureThreshold", killed_by("startup"),
    ),
    weights_fails(
        "kubelet: livenessProbe (VS6)", "container vllm was killed by its livenessProbe", "a startupProbe",
        killed_by("liveness"),
    ),
    weights_fails(
        "kubelet: the second restart", f"{ENDED} again and again", "logs", kubelet(again(restarts=2)),
    ),
    weights_fails(
        "kubelet: a CrashLoopBackOff of long ago, and its log", f"{ENDED}: {GPU_MEMORY}", "--gpu-memory-utilization",
        logged(CUDA, waiting("CrashLoopBackOff", "back-off 5m0s", restartCount=7, lastState=end())),
    ),
    weights_fails(
        "huggingface_hub: gated, in the init container", rf"container {STAGE} ended .*: {NO_ACCESS}",
        "Accept the model's terms", logged(GATED, container(), init=again(name=STAGE), of=STAGE),
    ),
    weights_fails(
        "huggingface_hub: 429 again and again (OG4)", rf"container {STAGE} ended .*: Hugging Face lets no more through",
        "Wait some minutes", logged(LIMITED, container(), init=again(name=STAGE, restarts=2), of=STAGE),
    ),
)  # fmt: skip
REFUSES = 'Startup probe failed: Get "http://10.0.0.5:8000/health": dial tcp 10.0.0.5:8000: connect: connection refused'
WEIGHTS_WAITS = (
    weights_waits(
        "kubelet: within the startupProbe's budget", "container vllm runs and is not ready yet",
        both(kubelet(running()), by_kubelet("Unhealthy", REFUSES, "Warning", 40, SERVER)),
    ),
    weights_waits(
        "kubelet: the weights are fetched", f"container {STAGE} runs before vllm",
        kubelet(container(), init=running(STAGE)),
    ),
    weights_waits("kubelet: the first restart", f"{ENDED} and starts again", kubelet(again())),
    weights_waits(
        "kubelet: the first CrashLoopBackOff", f"{ENDED} and starts again",
        kubelet(waiting("CrashLoopBackOff", "back-off 10s", restartCount=1, lastState=end())),
    ),
    weights_waits(
        "kubelet: after its node was down", r"ended \(ContainerStatusUnknown, exit code 137\) and starts",
        kubelet(again(137, "ContainerStatusUnknown")),
    ),
    weights_waits(
        "huggingface_hub: 429 once (OG4)", "Hugging Face lets no more through .*; it starts again",
        logged(LIMITED, container(), init=again(name=STAGE), of=STAGE),
    ),
    weights_waits(
        "PyTorch: a first run that may get over it", "container vllm runs and is not ready yet",
        logged(CUDA, running()),
    ),
)  # fmt: skip


def the_model(hand: Hand, name: str = SERVED, key: str = "", fault: str = "") -> Vllm:
    """Its server; `key` empty: the one of its Secret."""
    return Vllm(name, key or secret(hand.operator, NAMESPACE, "vllm-api-key", "api-key"), fault)


def answers(name: str = SERVED, key: str = "", fault: str = "") -> Play:
    """Its pod is Ready, and a server answers in it."""
    return both(lambda hand: hand.serve(the_model(hand, name, key, fault)), ready)


def ready(hand: Hand) -> None:
    hand.node()
    hand.kubelet(running(ready=True), ready=True)


SILENT = "its pod is Ready; its server does not answer: "
STRANGER = "what answers on port 8000 is no server of a model: it answers "
SERVING_FAILS = tuple(
    fails("serving", source, said, fix, play)
    for source, said, fix, play in (
        ("vLLM: another name", f"it serves other-7b, not {SERVED}", "Set --served-model-name", answers("other-7b")),
        ("vLLM: another key (VS2)", "its server refuses the key", "rollout restart", answers(key="sk-other")),
        ("a policy before vLLM: 403", "its server refuses the key", "rollout restart", answers(fault="403")),
        ("another server", f"{STRANGER}with an HTML page", ".port in the config", answers(fault="html")),
        ("another server: 404", f"{STRANGER}404", ".port in the config", answers(fault="404")),
    )
)
SERVING_WAITS = (
    waits("serving", "vLLM: 503", f"{SILENT}it answers 503", answers(fault="503")),
    waits("serving", "vLLM: 500", f"{SILENT}it answers 500", answers(fault="500")),
    waits("serving", "nobody listens yet", f"{SILENT}no connection yet", both(lambda hand: hand.forward(9), ready)),
    waits("serving", "it is silent", f"{SILENT}no answer in time", answers(fault="silent"), limit="20s"),
)  # fmt: skip

"""Phase 5: volumes, images, and what keeps the kubelet from making containers. Texts of kubelet and containerd."""

from typing import Any

import pytest

from aiops.judge.phases.phase import Stand
from aiops.snapshot import Json
from tests.judge.models import DONE, container, event, judged, placed, running, short, spec, state, waiting

IMAGE = "r.io/vllm:1"
BACKOFF = f'Back-off pulling image "{IMAGE}"'
RESOLVE = f'failed to pull and unpack image "{IMAGE}": failed to resolve reference "{IMAGE}": '


def pull(cause: str, reason: str = "ImagePullBackOff", **changes: Any) -> Stand:
    """A pull that failed, as a kubelet since 1.31 words it."""
    message = f"rpc error: code = Unknown desc = {RESOLVE}{cause}"
    if reason == "ImagePullBackOff":
        message = f"{BACKOFF}: ErrImagePull: {message}"
    return judged(placed(waiting(reason, message), init=(DONE,)), **changes)


FINAL = [
    (f"{IMAGE}: not found", "model.image-missing"),
    ("manifest unknown", "model.image-missing"),
    ("unexpected status from HEAD request to https://r.io/v2/vllm/manifests/1: 404", "model.image-missing"),
    ("unexpected status code [manifests 1]: 401 Unauthorized", "model.image-denied"),
    ("failed to authorize: failed to fetch oauth token: status: 403", "model.image-denied"),
    ("pull access denied, repository does not exist or may require authorization", "model.image-denied"),
    ("403 Forbidden", "model.image-denied"),
    ("write /var/lib/containerd/x: no space left on device", "model.image-no-space"),
]


@pytest.mark.parametrize(("cause", "id"), FINAL)
def test_a_pull_that_no_other_pull_mends(cause: str, id: str) -> None:
    stand = pull(cause)
    assert short(stand) == ("image", id, f"{IMAGE} cannot be pulled: {RESOLVE}{cause}")
    assert stand.evidence[0].text.endswith(cause)
    assert CURES[id] in stand.fix


CURES = {
    "model.image-missing": "Correct the image",
    "model.image-denied": "imagePullSecret",
    "model.image-no-space": "larger disks",
}


@pytest.mark.parametrize(("cause", "id"), FINAL)
def test_the_first_time_it_may_be_too_early(cause: str, id: str) -> None:
    """A node that is new may get its credentials a moment later."""
    assert short(pull(cause, "ErrImagePull")) == ("image", "", f"{IMAGE} cannot be pulled: {RESOLVE}{cause}")


def test_the_second_time_it_is_not() -> None:
    tried = event("Failed", f'Failed to pull image "{IMAGE}": x', in_="vllm", count=2)
    assert pull("manifest unknown", "ErrImagePull", events=(tried,)).id == "model.image-missing"
    assert pull("manifest unknown", "ErrImagePull", events=({**tried, "count": 1},)).hope == "yes"
    other = event("Failed", f'Failed to pull image "{IMAGE}": x', in_="other", count=2)
    assert pull("manifest unknown", "ErrImagePull", events=(other,)).hope == "yes"


@pytest.mark.parametrize(
    "cause",
    [
        "net/http: TLS handshake timeout",
        "dial tcp 10.0.0.1:443: i/o timeout",
        "dial tcp: lookup r.io: no such host",
        "read: connection reset by peer",
        "429 Too Many Requests",
        "429 Too Many Requests - Server message: denied: Quota exceeded for quota metric",
        "unexpected status code 503",
        "sha256:4030b401x404",
    ],
)
def test_a_pull_that_another_pull_mends(cause: str) -> None:
    assert pull(cause).hope == "yes"


@pytest.mark.parametrize("in_", ["vllm", ""], ids=["of the container", "of the pod"])
def test_an_older_kubelet_gives_the_cause_in_the_event_alone(in_: str) -> None:
    """Until 1.31 the back-off did not say what it is for."""
    tries = [
        event("Failed", f'Failed to pull image "{IMAGE}": {cause}', ago_s, in_=in_)
        for cause, ago_s in (("i/o timeout", 60), ("rpc error: code = NotFound desc = manifest unknown", 30))
    ]
    if not in_:
        tries = [{**each, "involvedObject": {"uid": "chat-1-a"}} for each in tries]
    body = placed(waiting("ImagePullBackOff", BACKOFF), init=(DONE,))
    stand = judged(body, events=(*tries, event("Failed", "Error: ImagePullBackOff", 20, in_="vllm")))
    assert short(stand) == ("image", "model.image-missing", f"{IMAGE} cannot be pulled: manifest unknown")
    sidecar = {**tries[1], "message": 'Failed to pull image "r.io/proxy:1": manifest unknown'}
    stand = judged(body, events=(tries[0], {**sidecar, "involvedObject": {"uid": "chat-1-a"}}))
    assert short(stand) == ("image", "", f"{IMAGE} cannot be pulled: i/o timeout")


def test_without_any_cause_it_waits() -> None:
    stand = judged(placed(waiting("ImagePullBackOff", BACKOFF), init=(DONE,)))
    assert short(stand) == ("image", "", f"{IMAGE} cannot be pulled: no reason given")


def test_a_pull_reads_the_same_at_each_try() -> None:
    assert len({pull("x", reason).detail for reason in ("ErrImagePull", "ImagePullBackOff")}) == 1


def test_an_image_name_that_is_none() -> None:
    stand = judged(placed(waiting("InvalidImageName", image="r.io/vllm:")))
    assert short(stand) == ("image", "model.image-name", "InvalidImageName: r.io/vllm:")


def test_the_image_of_an_init_container() -> None:
    stage = waiting("InvalidImageName", name="stage", image="r.io/stage:")
    assert judged(placed(state(), init=(stage,))).id == "model.image-name"


@pytest.mark.parametrize(
    ("message", "id", "command"),
    [
        ('secret "key" not found', "model.secret-missing", "kubectl -n models get externalsecret,secret key"),
        ("couldn't find key api-key in Secret models/key", "model.secret-missing",
         "kubectl -n models get externalsecret,secret key"),
        ('configmap "settings" not found', "model.configmap-missing", "kubectl -n models get configmap settings"),
        ("couldn't find key a in ConfigMap models/settings", "model.configmap-missing",
         "kubectl -n models get configmap settings"),
    ],
    ids=["Secret", "key of a Secret", "ConfigMap", "key of a ConfigMap"],
)  # fmt: skip
def test_what_its_environment_lacks(message: str, id: str, command: str) -> None:
    stand = judged(placed(waiting("CreateContainerConfigError", message), init=(DONE,)))
    assert short(stand) == ("image", id, f"container vllm: CreateContainerConfigError: {message}")
    assert stand.fix == command


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition"),
        ("CreateContainerError", "context deadline exceeded"),
        ("RunContainerError", 'secret "key" not found'),
    ],
)
def test_a_container_that_may_still_be_made(reason: str, message: str) -> None:
    stand = judged(placed(waiting(reason, message), init=(DONE,)))
    assert short(stand) == ("image", "", f"container vllm: {reason}: {message}")


def test_a_container_that_never_can_be_made() -> None:
    before = {"terminated": {"exitCode": 128, "reason": "StartError"}}
    body = placed(waiting("RunContainerError", "no such file: vllm", restartCount=2, lastState=before), init=(DONE,))
    assert short(judged(body))[:2] == ("weights", "model.crash")


PULLING = event("Pulling", f'Pulling image "{IMAGE}"', 60, in_="stage")
NEW = (state("stage"), state())


@pytest.mark.parametrize(
    ("events", "detail"),
    [
        ((), "its containers are being made"),
        ((PULLING,), f'Pulling image "{IMAGE}"'),
        ((event("Scheduled", "assigned to gpu-1"),), "its containers are being made"),
        (
            (event("FailedAttachVolume", "Multi-Attach error", 90), event("SuccessfulAttachVolume", "attached", 30)),
            "attached",
        ),
        ((event("FailedMapVolume", "MapVolume failed: x"),), "FailedMapVolume: MapVolume failed: x"),
        ((event("SuccessfulAttachVolume", "AttachVolume.Attach succeeded", 90), PULLING), f'Pulling image "{IMAGE}"'),
        ((event("FailedMount", "MountVolume failed: x", 90), PULLING), f'Pulling image "{IMAGE}"'),
        ((PULLING, event("FailedMount", "MountVolume failed: x")), "FailedMount: MountVolume failed: x"),
        (
            (event("FailedAttachVolume", 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) a'),),
            'FailedAttachVolume: Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) a',
        ),
        (
            (event("FailedCreatePodSandBox", 'no runtime for "nvidia" is configured'),),
            'FailedCreatePodSandBox: no runtime for "nvidia" is configured',
        ),
    ],
    ids=["nothing yet", "pulls", "on its node", "attached after all", "not mapped", "attached", "mounted after all",
         "not mounted", "attached elsewhere (VS5)",
         "no runtime (GD4)"],
)  # fmt: skip
def test_what_it_waits_for(events: tuple[Json, ...], detail: str) -> None:
    """The volume of the pod before is let go by and by; a GPU operator's runtime comes with its driver."""
    stand = judged(placed(state(), init=(state("stage"),)), events=events)
    assert short(stand) == ("image", "", detail)


def test_a_pod_that_the_kubelet_has_not_taken_up() -> None:
    assert short(judged(placed())) == ("image", "", "its containers are being made")


ABSENT = 'MountVolume.SetUp failed for volume "w" : secret "key" not found'


@pytest.mark.parametrize(
    ("events", "id"),
    [
        ((event("FailedMount", ABSENT, count=2),), "model.secret-missing"),
        ((event("FailedMount", ABSENT, series={"count": 2}),), "model.secret-missing"),
        ((event("FailedMount", ABSENT, 30, count=2), event("FailedMount", "timed out", 10)), "model.secret-missing"),
        ((PULLING, event("FailedMount", ABSENT, count=2)), "model.secret-missing"),
        ((event("FailedMount", ABSENT),), ""),
        ((event("FailedMount", ABSENT, 60, count=2), event("Pulling", "x")), ""),
        ((event("FailedMount", ABSENT, 60, count=2), PULLING, event("FailedMount", "timed out")), ""),
    ],
    ids=[
        "twice",
        "a series",
        "and the kubelet's summary",
        "after a pull",
        "once",
        "mounted after all",
        "another one now",
    ],
)
def test_a_volume_of_a_secret_that_is_not_there(events: tuple[Json, ...], id: str) -> None:
    assert judged(placed(state(), init=(state("stage"),)), events=events).id == id


SECOND = "r.io/other:1"


def on_gpu_1(image: str) -> Json:
    return {**spec(containers=[container(image=image)]), "nodeName": "gpu-1"}


@pytest.mark.parametrize(
    ("image", "phase"), [(SECOND, "image"), (IMAGE, "weights")], ids=["another image", "the same image"]
)
def test_the_image_that_comes_after_the_init_containers(image: str, phase: str) -> None:
    """Pulled anew with imagePullPolicy Always, an image that is there takes no time. Of a container that has started
    the status names the image as the runtime does."""
    done = {**DONE, "image": f"docker.io/{IMAGE}"}
    events = (event("Pulling", f'Pulling image "{image}"', 5, in_="vllm"),)
    stand = judged(placed(state(image=image), init=(done,), spec=on_gpu_1(image)), events=events)
    assert stand.phase == phase


def test_once_it_is_pulled_the_image_is_passed() -> None:
    events = (
        event("Pulling", f'Pulling image "{SECOND}"', 50, in_="vllm"),
        event("Pulled", f'Successfully pulled image "{SECOND}" in 3m2s', 5, in_="vllm"),
    )
    for status in (state(image=SECOND), running(image=SECOND)):
        assert judged(placed(status, init=(DONE,), spec=on_gpu_1(SECOND)), events=events).phase == "weights"

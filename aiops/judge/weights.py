"""Where a model's server gets its weights from, as its manifest says: does each start depend on Hugging Face's hub?"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from aiops.gitops.parsing import items, texts, value
from aiops.gitops.workloads import Container, Pods
from aiops.judge.command_line import CommandLine
from aiops.judge.finding import Status
from aiops.judge.hub import OFFLINE, hub_cache, is_hub_id, missing_offline
from aiops.judge.mounts import Mount, mount_of, mounts_of
from aiops.judge.serving_images import image_of, is_tei_image, serves_with_vllm

_FETCHES = re.compile(r"snapshot_download|hf_hub_download|from_pretrained|huggingface-cli download|\bhf download")
_QUOTED = re.compile(r"[\"']([\w.-]+/[\w.-]+)[\"']")
_ELSEWHERE = re.compile(r"local_dir|--local-dir|cache_dir|--cache-dir")
"""An init container that says itself where it puts the weights: that is not looked into."""
_STAGE = "add an init container that fetches {model} into the same volume (same id, same HF_HOME)"


@dataclass(frozen=True)
class Flaw:
    """Why a start needs the hub, or cannot do without it."""

    status: Status
    text: str
    """What follows the container's name in a sentence."""
    cause: str
    fix: str
    path: tuple[str | int, ...]
    """Where it is written, below the manifest."""


def model_of(container: Container) -> str:
    """The id of the hub that its server is started with; empty where it serves from a path, or does not say."""
    if not (
        serves_with_vllm(container.body) or is_tei_image(image_of(container.body)) or container.path[-1] == "model"
    ):
        return ""
    line = CommandLine(container.body)
    found = line.option("--model", "--model-id") or line.served() or container.value_of("MODEL_ID") or ""
    return found if is_hub_id(found) else ""


def flaws(pods: Pods, container: Container) -> Iterator[Flaw]:
    """Of a server that is started with an id of the hub."""
    model, stages = model_of(container), [each for each in pods.containers if each.init and _fetches(each)]
    stage = next((each for each in stages if _names(each, model)), None)
    missing = (
        () if is_tei_image(image_of(container.body)) or items(container.body, "envFrom") else missing_offline(container)
    )
    if stage is not None:
        yield from _elsewhere(pods, container, stage)
    elif stages:
        yield from _another(model, stages[0])
    else:
        yield from _unstaged(pods, container, model, offline=not missing_offline(container))
    if missing and stages:
        yield Flaw(
            "warn",
            f"asks Hugging Face at each start: it lacks {' and '.join(f'{name}=1' for name in missing)}",
            "even for weights that it has, it asks whether there are newer ones, and a 429 ends its start",
            f"set {', '.join(f'{name}=1' for name in OFFLINE)} in it",
            (*container.path, "env", missing[0]),
        )


def _fetches(container: Container) -> bool:
    return bool(_FETCHES.search(text_of(container)))


def _names(container: Container, model: str) -> bool:
    """The id itself, not one that begins with it."""
    return bool(re.search(rf"(?<![\w./-]){re.escape(model)}(?![\w/-]|\.\w)", text_of(container)))


def text_of(container: Container) -> str:
    """All that it is started with."""
    values = (str(value(each, "value") or "") for each in container.env.values())
    return "\n".join((*texts(container.body, "command"), *texts(container.body, "args"), *values))


def _another(model: str, stage: Container) -> Iterator[Flaw]:
    """The weights of another model; one whose id comes from elsewhere is not known."""
    staged = [each for each in _QUOTED.findall(text_of(stage)) if is_hub_id(each)]
    if staged:
        yield Flaw(
            "fail",
            f"serves {model}, and init container {stage.name} fetches {staged[0]}",
            "the weights that it looks for are never put on its volume",
            f"set the same model id in init container {stage.name} and in the server's arguments",
            (*stage.path, "command"),
        )


def _elsewhere(pods: Pods, container: Container, stage: Container) -> Iterator[Flaw]:
    """The right weights, in another place than the server looks, or in one that is lost."""
    if _ELSEWHERE.search(text_of(stage)) or CommandLine(container.body).has(
        "--download-dir", "--huggingface-hub-cache"
    ):
        return
    theirs, ours = (_place(pods, each) for each in (stage, container))
    if ours is None or theirs is None:
        return
    if theirs[1:] != ours[1:]:
        yield Flaw(
            "fail",
            f"looks for its weights in {hub_cache(container)}, and init container {stage.name} puts them elsewhere",
            f"{hub_cache(stage)} of {stage.name} is not the same folder of the same volume",
            "set the same HF_HOME in both, in the same mounted volume",
            (*stage.path, "env", "HF_HOME"),
        )
    elif ours[0] is None or ours[0].lost:
        yield Flaw(
            "warn",
            f"has its weights fetched from Hugging Face for every new pod: {hub_cache(container)} is on no claim",
            "what init containers fetched is gone with the pod",
            "set a persistentVolumeClaim in place of the volume",
            (*stage.path, "volumeMounts"),
        )


def _place(pods: Pods, container: Container) -> tuple[Mount | None, str, str] | None:
    """(mount, volume, folder in it) of its cache; None where the image decides."""
    cache = hub_cache(container)
    if not cache:
        return None
    mount = mount_of(cache, mounts_of(pods.spec, container.body))
    if mount is None:
        return None, "", cache
    return (
        mount,
        mount.name,
        posixpath.normpath(posixpath.join("/", mount.beneath, posixpath.relpath(cache, mount.path))),
    )


def _unstaged(pods: Pods, container: Container, model: str, *, offline: bool) -> Iterator[Flaw]:
    place = _place(pods, container)
    kept = place is not None and place[0] is not None and bool(place[0].claim)
    filled = {mount.name for each in pods.containers if each.init for mount in mounts_of(pods.spec, each.body)}
    if offline and place is not None and place[1] in filled:
        return  # by an init container in a way that is not known here
    if offline:
        yield Flaw(
            "warn" if kept else "fail",
            f"may not go to Hugging Face, and nothing in its pod fetches {model}",
            "a fresh volume stays empty until somebody fills it by hand"
            if kept
            else "there is no volume that holds it",
            _STAGE.format(model=model),
            (*container.path, "env", OFFLINE[0]),
        )
    else:
        yield Flaw(
            "warn",
            f"fetches {model} from Hugging Face itself, {'when its volume is empty' if kept else 'at each start'}",
            "all of a cluster goes out by few addresses, and Hugging Face turns those away that ask too often (429)",
            _STAGE.format(model=model) if is_tei_image(image_of(container.body)) else _server_fix(model),
            (*container.path, "args", "--model"),
        )


def _server_fix(model: str) -> str:
    return f"{_STAGE.format(model=model)}, and set {' and '.join(f'{name}=1' for name in OFFLINE)} in the server"

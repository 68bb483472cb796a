"""The images that a manifest or a chart's values ask for: containers', KServe's models, volumes that are images."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from aiops.gitops.parsing import Body, items, part, value
from aiops.gitops.workloads import Container, Pods, pods_made_by
from aiops.judge.gpu_declared import gpus_of_spec
from aiops.judge.image_reference import OCI, ImageReference
from aiops.judge.serving_images import is_model_server_image, serves_a_model

_STORAGE_URI = "STORAGE_URI"
"""KServe's, for a container of the operator's own (kserve pkg/constants)."""
_OF_KSERVE = ("InferenceService", "LLMInferenceService")


@dataclass(frozen=True, kw_only=True)
class DeclaredImage:
    """One image, and where it is written."""

    who: str
    """As `container vllm`."""
    reference: ImageReference
    policy: str
    """As it is written; empty where Kubernetes' default holds."""
    path: tuple[str | int, ...]
    policy_path: tuple[str | int, ...]
    of_model: bool = False
    """It is a model, or of a pod that serves one or asks for a GPU: what its node has of it is gigabytes."""


def images_of(body: Body) -> Iterator[DeclaredImage]:
    """Of all pods that a manifest makes."""
    for pods in pods_made_by(body):
        of_model = _serves(body, pods)
        for container in pods.containers:
            yield from (replace(each, of_model=each.of_model or of_model) for each in _of_container(container))
        yield from (replace(each, of_model=of_model) for each in _of_volumes(pods))
    uri = value(body, "spec", "model", "uri")  # of an LLMInferenceService
    if isinstance(uri, str) and uri.startswith(OCI):
        yield _model(uri, "the model", ("spec", "model", "uri"))


def images_in_values(values: Body, path: tuple[str | int, ...] = ()) -> Iterator[DeclaredImage]:
    """What charts call an image by custom: `repository` with `tag` or `digest`. A tag left out is the chart's own."""
    name, tag, digest = (value(values, key) for key in ("repository", "tag", "digest"))
    if isinstance(name, str) and name and (tag or digest):
        text = f"{name}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"
        yield DeclaredImage(
            who=".".join(map(str, path)) or "image",
            reference=ImageReference(text),
            policy=str(value(values, "pullPolicy") or ""),
            path=(*path, "tag" if tag else "digest"),
            policy_path=(*path, "pullPolicy"),
            of_model=is_model_server_image(text),
        )
    for key, inner in values.items():
        for index, each in enumerate(inner if isinstance(inner, list) else [inner]):
            if isinstance(each, dict):
                yield from images_in_values(each, (*path, key, index) if isinstance(inner, list) else (*path, key))


def _of_container(container: Container) -> Iterator[DeclaredImage]:
    image = value(container.body, "image")
    if isinstance(image, str):
        yield DeclaredImage(
            who=f"{'init ' if container.init else ''}container {container.name}",
            reference=ImageReference(image),
            policy=str(value(container.body, "imagePullPolicy") or ""),
            path=(*container.path, "image"),
            policy_path=(*container.path, "imagePullPolicy"),
        )
    uris = (
        (value(container.body, "storageUri"), ("storageUri",)),
        (container.value_of(_STORAGE_URI), ("env", _STORAGE_URI, "value")),
    )
    for uri, path in uris:
        if isinstance(uri, str) and uri.startswith(OCI):
            yield _model(uri, f"the model of container {container.name}", (*container.path, *path))


def _of_volumes(pods: Pods) -> Iterator[DeclaredImage]:
    for volume in items(pods.spec, "volumes"):
        source = part(volume, "image")
        if isinstance(reference := value(source, "reference"), str):
            where = (*pods.path, "volumes", str(volume.get("name")), "image")
            yield DeclaredImage(
                who=f"volume {volume.get('name')}",
                reference=ImageReference(reference),
                policy=str(value(source, "pullPolicy") or ""),
                path=(*where, "reference"),
                policy_path=(*where, "pullPolicy"),
            )


def _model(uri: str, who: str, path: tuple[str | int, ...]) -> DeclaredImage:
    """KServe makes it a container without a policy (kserve pkg/utils/storage.go, CreateModelcarContainer)."""
    image = ImageReference(uri.removeprefix(OCI))
    return DeclaredImage(who=who, reference=image, policy="", path=path, policy_path=path, of_model=True)


def _serves(body: Body, pods: Pods) -> bool:
    """Its pods answer for a model, or ask for a GPU."""
    running = (each.body for each in pods.containers if not each.init)
    return value(body, "kind") in _OF_KSERVE or gpus_of_spec(pods.spec) > 0 or any(map(serves_a_model, running))

"""The pods that a manifest makes, of whatever kind it is, and the containers in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiops.gitops.parsing import Body, items, part, value

_TEMPLATE = ("spec", "template")
_TEMPLATES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "Pod": ((),),
    "CronJob": (("spec", "jobTemplate", *_TEMPLATE),),
    **dict.fromkeys(("DaemonSet", "Deployment", "Job", "ReplicaSet", "StatefulSet"), (_TEMPLATE,)),
}
"""Kind: the paths of its pod templates."""
_SPECS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "InferenceService": tuple(("spec", name) for name in ("predictor", "transformer", "explainer")),
    "LLMInferenceService": (
        ("spec", "template"),
        ("spec", "worker"),
        ("spec", "prefill", "template"),
        ("spec", "prefill", "worker"),
    ),
}
"""Kind: the paths of its pod specs, where these stand in no template."""
KINDS = (*_TEMPLATES, *_SPECS)
"""Those that make pods."""


@dataclass(frozen=True)
class Container:
    """A container of a pod that a manifest makes."""

    path: tuple[str | int, ...]
    """Where it stands, as `Declared.place` takes it."""
    body: Body
    init: bool = False
    """It runs before the others (a sidecar too)."""

    @property
    def name(self) -> str:
        """Its name; KServe's `model` has none of its own."""
        return str(value(self.body, "name") or self.path[-1])

    @property
    def env(self) -> Mapping[str, Body]:
        """Its variables by name: each with `value` or `valueFrom`."""
        return {str(item.get("name")): item for item in items(self.body, "env")}

    def value_of(self, variable: str) -> str | None:
        """The value that is written for a variable; None where there is none."""
        found = value(self.env.get(variable), "value")
        return None if found is None else str(found)


@dataclass(frozen=True)
class Pods:
    """One kind of pods that a manifest makes."""

    path: tuple[str | int, ...]
    """Of their spec."""
    spec: Body
    labels: Mapping[str, str]
    """Those that their template gives them."""

    @property
    def containers(self) -> tuple[Container, ...]:
        """Init containers first."""
        return tuple(self._containers())

    def _containers(self) -> Iterator[Container]:
        for field in ("initContainers", "containers"):
            for index, body in enumerate(items(self.spec, field)):
                name = value(body, "name")
                step = name if isinstance(name, str) else index
                yield Container((*self.path, field, step), body, init=field == "initContainers")
        if model := part(self.spec, "model"):  # of a KServe predictor
            yield Container((*self.path, "model"), model)


def pods_made_by(body: Body) -> tuple[Pods, ...]:
    """The pods that a manifest or a live object makes; empty for a kind that makes none."""
    kind = str(value(body, "kind") or "")
    found = []
    for path in _TEMPLATES.get(kind, ()):
        template = part(body, *path) if path else body
        labels = {key: str(label) for key, label in part(template, "metadata", "labels").items()}
        found.append(Pods((*path, "spec"), part(template, "spec"), labels))
    for path in _SPECS.get(kind, ()):
        if spec := part(body, *path):
            found.append(Pods(path, spec, {}))
    return tuple(found)

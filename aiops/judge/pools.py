"""The InferencePools of a tree: those that it declares, and those that the chart `inferencepool` makes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.nodes import Place
from aiops.gitops.parsing import items, part, value
from aiops.judge.network.servers import selector_of

CHART = "inferencepool"
"""Of gateway-api-inference-extension: it calls the pool like its release."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """A pool with where its selector is written."""

    application: str
    """Who brings it; empty: a file of values that no application names."""
    namespace: str
    """Empty where nobody knows."""
    name: str
    """Empty likewise."""
    selector: Mapping[str, str]
    """Empty where only its chart knows it."""
    place: Place

    def __str__(self) -> str:
        return f"InferencePool {self.namespace}/{self.name}" if self.name else f"the pool of {self.place.file}"


@dataclass(frozen=True, kw_only=True)
class Use:
    """Somebody names a pool."""

    by: Manifest
    namespace: str
    name: str
    path: tuple[str | int, ...]
    """Where in his manifest."""

    @property
    def is_route(self) -> bool:
        """It sends requests there; else it ranks those that come."""
        return "backendRefs" in self.path


def pools_of(declared: Declared) -> tuple[Pool, ...]:
    """All of them, as far as files tell."""
    return (*_written(declared), *_of_charts(declared), *_of_values(declared))


def uses_of(declared: Declared) -> Iterator[Use]:
    """Backends of routes, and objectives, that name a pool."""
    for each in declared.of("HTTPRoute", "GRPCRoute"):
        for rule, body in enumerate(items(each.body, "spec", "rules") if each.application else ()):
            for index, ref in enumerate(items(body, "backendRefs")):
                if ref.get("kind") == "InferencePool":
                    namespace = str(ref.get("namespace") or each.namespace)
                    path = ("spec", "rules", rule, "backendRefs", index, "name")
                    yield Use(by=each, namespace=namespace, name=str(ref.get("name")), path=path)
    for each in declared.of("InferenceObjective", "InferenceModel"):
        if each.application and (name := value(each.body, "spec", "poolRef", "name")):
            yield Use(by=each, namespace=each.namespace, name=str(name), path=("spec", "poolRef", "name"))


def _written(declared: Declared) -> Iterator[Pool]:
    for each in declared.of("InferencePool"):
        if each.application:
            yield Pool(
                application=each.application,
                namespace=each.namespace,
                name=each.name,
                selector=selector_of(each.body),
                place=declared.place(each, "spec", "selector"),
            )


def _of_charts(declared: Declared) -> Iterator[Pool]:
    for app in declared.applications:
        sources = app.written
        for body in sources:
            if str(body.get("chart") or "").rpartition("/")[2] == CHART:
                name = str(value(body, "helm", "releaseName") or app.name)
                place = declared.place_in(app, "spec")
                yield Pool(application=app.name, namespace=app.namespace, name=name, selector={}, place=place)


def _of_values(declared: Declared) -> Iterator[Pool]:
    spaces = {app.name: app.namespace for app in declared.applications}
    for each in declared.values:
        path = ("inferencePool", "modelServers", "matchLabels")
        if labels := part(each.body, *path):
            yield Pool(
                application=each.application,
                namespace=spaces.get(each.application, ""),
                name="",
                selector={key: str(text) for key, text in labels.items()},
                place=declared.place_of(each, *path),
            )

"""What a tree says of Argo CD's own settings: its ConfigMap argocd-cm, or the values of its chart that make it."""

from collections.abc import Iterator
from dataclasses import dataclass

from aiops.gitops.declared import Declared
from aiops.gitops.nodes import Place
from aiops.gitops.parsing import Body, part

NAME, CHART = "argocd-cm", "argo-cd"
"""Those of upstream: Argo CD finds its settings by the name."""
_IN_VALUES = ("configs", "cm")
"""Where the chart has them (argo-helm charts/argo-cd values.yaml)."""


@dataclass(frozen=True)
class Settings:
    """The settings as they are written in one place."""

    data: Body
    place: Place
    application: str
    """Who deploys it; empty where somebody does so by hand."""


def settings_of(declared: Declared) -> Iterator[Settings]:
    """Every place that holds some."""
    for each in declared.of("ConfigMap"):
        if each.name == NAME:
            yield Settings(part(each.body, "data"), declared.place(each, "data"), each.application)
    charts = {app.name: {source.chart for source in app.sources} for app in declared.applications}
    for values in declared.values:
        ours = not values.application or CHART in charts.get(values.application, ())
        if ours and (data := part(values.body, *_IN_VALUES)):
            yield Settings(data, declared.place_of(values, *_IN_VALUES), values.application)

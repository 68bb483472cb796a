"""Which exporters of GPU metrics a tree deploys by charts: NVIDIA's GPU Operator, or the exporter alone."""

from collections.abc import Iterator

from aiops.gitops.application import Application
from aiops.gitops.declared import Declared
from aiops.gitops.monitors import charts_of
from aiops.gitops.parsing import part, value
from aiops.gitops.values import Values

_KEY = "dcgmExporter"
"""The part of the operator's values that is about its exporter; no other chart has it."""
_OPERATOR, _EXPORTER = "gpu-operator", "dcgm-exporter"


def operators(declared: Declared) -> Iterator[Application]:
    """The applications that deploy the operator's chart, of groups that are on."""
    yield from _with_chart(declared, _OPERATOR)


def exporters(declared: Declared) -> Iterator[Application]:
    """The applications that deploy an exporter by a chart, of groups that are on."""
    yield from _with_chart(declared, _EXPORTER)
    if exporter_value(declared, "enabled")[0] is not False:
        yield from operators(declared)


def exporter_value(declared: Declared, *path: str) -> tuple[object, Values | None]:
    """A value of the operator's exporter, the last one winning, and the values in which it is written or should be."""
    bodies = [each for each in declared.values if _KEY in each.body]
    written = [(found, each) for each in bodies if (found := value(part(each.body, _KEY), *path)) is not None]
    return written[-1] if written else (None, bodies[-1] if bodies else None)


def _with_chart(declared: Declared, name: str) -> Iterator[Application]:
    names = {app for app, chart in charts_of(declared) if chart == name or chart.endswith(f"-{name}")}
    yield from (app for app in declared.applications if app.name in names and app.name not in declared.off)

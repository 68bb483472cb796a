"""What KServe's webhooks refuse of InferenceServices and of their pods, for what is set in their predictor."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from aiops.gitops.parsing import items, part
from aiops.judge.event import shown, words
from aiops.judge.fields import is_true
from aiops.judge.finding import Evidence
from aiops.judge.text import one_line
from aiops.snapshot import Json, ref_of

_DENIED = re.compile(r"denied the request: .*(exactly one of|cannot find container|no container found)", re.IGNORECASE)
"""By the webhook of InferenceServices (serving/v1beta1/component.go), and by that of their pods (webhook/admission/pod,
utils/storage.go)."""


@dataclass(frozen=True)
class Denial:
    """Something that is not there because a webhook refuses it."""

    what: str
    about: str
    said: Evidence
    owner: str = ""
    """The application whose sync was refused."""


def denied_services(applications: Iterable[Json]) -> Iterator[Denial]:
    """Those that the last sync of an application could not write."""
    for app in applications:
        state = part(app, "status", "operationState")
        for each in items(state, "syncResult", "resources") if state.get("phase") != "Succeeded" else ():
            message = str(each.get("message") or "")
            if each.get("kind") == "InferenceService" and _DENIED.search(message):
                name = app["metadata"]["name"]
                said = Evidence("last sync", one_line(message), str(state.get("finishedAt") or ""))
                yield Denial(f"InferenceService {each.get('name')}", f"Application {name}", said, f"application {name}")


def denied_pods(services: Iterable[Json], events: Iterable[Json]) -> Iterator[Denial]:
    """Those of services that are not ready: by the events of the ReplicaSets of their predictors."""
    refused = [each for each in events if each.get("reason") == "FailedCreate" and _DENIED.search(words(each))]
    for service in services:
        said = [event for event in refused if _is_of(event, service)]
        if said and not is_true(service, "PredictorReady"):
            yield Denial(f"the pods of {ref_of(service)}", str(ref_of(service)), shown(said[-1]))


def _is_of(event: Json, service: Json) -> bool:
    about, meta = event.get("involvedObject") or {}, service["metadata"]
    in_it = about.get("namespace") == meta.get("namespace")
    return in_it and str(about.get("name")).startswith(f"{meta['name']}-predictor")

"""KServe's InferenceServices: in which mode one is deployed, whether it is stopped, and who scales it."""

import json
from collections.abc import Iterator, Mapping

from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.parsing import Body, part, value
from aiops.snapshot import Json

STOP = "serving.kserve.io/stop"
SCALER = "serving.kserve.io/autoscalerClass"
MODE = "serving.kserve.io/deploymentMode"
CONTAINER = "kserve-container"
"""The container that KServe takes for the predictor: the storage is brought to it, and to no other."""
MODELS = "/mnt/models"
"""Where it brings the storage (constants.DefaultModelLocalMountPath)."""
STORAGE = "STORAGE_URI"
"""The variable of that container which names the storage of a custom predictor (predictor_custom.go)."""
_SERVERLESS = ("Serverless", "Knative")
"""Names of the mode in which Knative scales; the new one since KServe 0.16."""
_KNATIVE = "knative.dev"


def is_stopped(service: Json | Body) -> bool:
    """It has no pods, by its annotation."""
    return str(value(service, "metadata", "annotations", STOP)).lower() == "true"


def is_serverless(declared: Declared, service: Manifest) -> bool:
    """Knative scales it: by its annotation, by the default of KServe's settings, or because Knative is declared.

    KServe's own default has changed between its versions; without Knative no service can be serverless.
    """
    written = value(service.body, "metadata", "annotations", MODE) or next(_defaults(declared), None)
    if written is not None:
        return str(written) in _SERVERLESS
    return any(_KNATIVE in str(value(each.body, "apiVersion")) for each in declared.manifests)


def _defaults(declared: Declared) -> Iterator[str]:
    """What the tree says of services without that annotation: values of KServe's chart, or its ConfigMap."""
    for values in declared.values:
        for body in (values.body, part(values.body, "kserve")):
            mode = value(body, "controller", "deploymentMode")
            if isinstance(mode, str):
                yield mode
    for each in declared.of("ConfigMap"):
        if each.name == "inferenceservice-config":
            yield from _of_settings(value(each.body, "data", "deploy"))


def _of_settings(text: object) -> Iterator[str]:
    try:
        found = json.loads(str(text))
    except ValueError:
        return
    mode = found.get("defaultDeploymentMode") if isinstance(found, Mapping) else None
    if isinstance(mode, str):
        yield mode

"""What a real Kubernetes and a real Argo CD were seen to serve: aiops/lab/data, by tests/real/record_api.py."""

import gzip
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Name = Literal["kubernetes", "argocd"]


@cache
def read(name: Name) -> dict[str, Any]:
    """One of the files. It is shared."""
    return _load(name)


def _load(name: Name) -> dict[str, Any]:
    packed = (files("aiops.lab") / "data" / f"{name}.json.gz").read_bytes()
    content: dict[str, Any] = json.loads(gzip.decompress(packed))
    return content


@cache
def schemas() -> Mapping[str, dict[str, Any]]:
    """The OpenAPI v3 schemas of Kubernetes, by name, without references: JSONSchemaProps holds itself."""
    found: dict[str, dict[str, Any]] = _load("kubernetes")["schemas"]
    for name, schema in found.items():
        schema["x-type"] = name.removeprefix("io.k8s.api.")
    for schema in found.values():
        _link(schema, found)
    return found


def _link(node: Any, schemas: Mapping[str, dict[str, Any]]) -> None:  # noqa: ANN401 - any JSON
    """Put in the place of each reference the schema itself, one object for all."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        name = value.get("$ref") if isinstance(value, dict) else None
        if not isinstance(name, str):
            _link(value, schemas)
            continue
        schema = schemas[name.rpartition("/")[2]]
        more = {word: each for word, each in value.items() if word != "$ref"}
        node[key] = {**schema, **more} if more else schema  # its properties are one object for all, too

"""Where a tree asks Prometheus for vLLM's metrics, and which servers it asks about."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from aiops.gitops.containers import containers_of
from aiops.gitops.declared import Declared, Manifest
from aiops.gitops.nodes import Place
from aiops.gitops.parsing import value
from aiops.gitops.written import Field, all_fields, whose
from aiops.judge.vllm_metrics import CHANGES, Server, names_in, server_of

_QUERIES = ("expr", "query", "definition", "metricsQuery", "seriesQuery")
"""Fields that hold PromQL: of dashboards, rules, KEDA's triggers, analyses, and adapters of custom metrics."""
_HISTORY = re.compile(
    r"renam|remov|deprecat|gone|became|replac|no longer|former|used to|\bold\b|\bV0\b|successor", re.I
)


@dataclass(frozen=True)
class Asked:
    """One of vLLM's metrics, in one object or file."""

    name: str
    """Without `vllm:`."""
    place: Place
    """Of the first query that asks for it."""
    manifest: Manifest | None
    """That holds the query; None for a file that is no manifest."""
    application: str


def asked_of_vllm(declared: Declared) -> Iterator[Asked]:
    """Each metric once for each object or file that asks for it."""
    for (file, _), found in groupby(all_fields(declared.files, "vllm:"), lambda each: (each.place.file, each.document)):
        fields = list(found)
        queries = [each for each in fields if each.path[-1] in _QUERIES and names_in(each.text)]
        first = {name: each for each in reversed(queries) for name in names_in(each.text)}
        if first:
            manifest = _manifest(declared, file, fields)
            owner = manifest.application if manifest else whose(declared, file)
            for name, each in sorted(first.items(), key=lambda pair: pair[1].place.line):
                yield Asked(name, each.place_of(declared.files, f"vllm:{name}"), manifest, owner)


def told_to_read(declared: Declared) -> Iterator[Asked]:
    """Metrics that went, where documentation names them without a word of their having gone."""
    names = re.compile(rf"(?<![\w:])(?:vllm:)?({'|'.join(CHANGES)})(?!\w)")
    for file in declared.files.under(""):
        if file.endswith((".md", ".mdx")):
            line, seen = 1, set[str]()
            for paragraph in re.split(r"(\n\s*\n)", declared.files.read(file) or ""):
                for match in names.finditer(paragraph):
                    name = match[1]
                    tells = _HISTORY.search(paragraph) or _successor(name) in paragraph
                    if name not in seen and not tells:
                        seen.add(name)
                        where = line + paragraph.count("\n", 0, match.start())
                        yield Asked(name, Place(file, where), None, whose(declared, file))
                line += paragraph.count("\n")


def servers(declared: Declared) -> Mapping[tuple[str, str], Server]:
    """The vLLM servers that a tree declares and whose version its image tells, by (namespace, name) of the workload."""
    found = ((each.manifest, server_of(each.container.body)) for each in containers_of(declared))
    return {(manifest.namespace, manifest.name): server for manifest, server in found if server is not None}


def asked_about(asked: Asked, every: Mapping[tuple[str, str], Server]) -> Sequence[Server]:
    """The server whose replicas the query scales; all of them where it scales none."""
    manifest = asked.manifest
    target = value(manifest.body, "spec", "scaleTargetRef", "name") if manifest else None
    own = every.get((manifest.namespace, str(target))) if manifest and target else None
    return [own] if own else list(dict.fromkeys(every.values()))


def _manifest(declared: Declared, file: str, fields: Sequence[Field]) -> Manifest | None:
    """The object that a document is, or patches."""
    texts = {each.path: each.text for each in fields if each.path in (("kind",), ("metadata", "name"))}
    named = [each for each in declared.of(texts.get(("kind",), "")) if each.name == texts.get(("metadata", "name"))]
    return next((each for each in named if each.file == file), named[0] if len(named) == 1 else None)


def _successor(name: str) -> str:
    found = re.search(r"vllm:(\w+?)(?:_total)?\b", CHANGES[name].instead)
    return found[1] if found else "\0"

"""Does whoever reads vLLM's metrics ask for names that the servers have?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiops.checks.check import Check, at, of, ok, owned_by, skip
from aiops.gitops.declared import Declared
from aiops.judge.finding import Evidence, Finding
from aiops.judge.keda import autoscaling, triggers_of
from aiops.judge.serving_images import serves_vllm
from aiops.judge.vllm_metrics import AWAY, CHANGES, Server, cure_of, history_of, names_in, shown, standing
from aiops.judge.vllm_queries import Asked, asked_about, asked_of_vllm, servers, told_to_read
from aiops.snapshot import Json, ref_of
from aiops.snapshot.look import Look

_CAUSE = "a metric that is not there is no error: panels stay blank, alerts and autoscalers stay silent"
_LATER = ("lora_", "spec_decode_", "mm_cache_", "external_prefix_cache_", "nixl_", "kv_block_", "corrupted_requests")
"""Their metrics are there only where the feature is used."""


def _lint(declared: Declared) -> Iterator[Finding]:
    every = servers(declared)
    asked = list(asked_of_vllm(declared))
    if not every:
        yield skip("no vLLM server of the tree says its version")
        return
    found = [each for one in asked if (each := _of_query(one, asked_about(one, every)))]
    told = [each for one in told_to_read(declared) if (each := _of_page(one, list(every.values())))]
    yield from (*found, *told)
    if not (found or told):
        yield ok(f"the {len(asked)} metrics of vLLM that the tree asks for are those of its servers")


def _of_query(asked: Asked, about: Sequence[Server]) -> Finding | None:
    standings = {server.version: standing(asked.name, server) for server in about}
    away = [version for version, each in standings.items() if each in AWAY]
    leaving = [version for version, each in standings.items() if each == "leaving"]
    if not (away or leaving):
        return None
    versions = ", ".join(map(shown, sorted(away or leaving)))
    who = str(asked.manifest) if asked.manifest else asked.place.file
    lacks = f"which vLLM {versions} does not have" if away else f"which vLLM {versions} has for the last time"
    return Finding(
        status="fail" if len(away) == len(standings) else "warn",
        symptom=f"{who} asks for vllm:{asked.name}, {lacks}",
        cause=f"{history_of(asked.name)}; {_CAUSE}",
        fix=cure_of(asked.name),
        **(of(asked.manifest) if asked.manifest else _of_file(asked)),
        **at(asked.place),
    )


def _of_page(asked: Asked, about: Sequence[Server]) -> Finding | None:
    if any(standing(asked.name, server) not in AWAY for server in about):
        return None
    return Finding(
        status="warn",
        symptom=f"{asked.place.file} names the metric {asked.name}, which no vLLM server of the tree has",
        cause=history_of(asked.name),
        fix=cure_of(asked.name),
        **_of_file(asked),
        **at(asked.place),
    )


def _of_file(asked: Asked) -> dict[str, Any]:
    owner = owned_by(asked.application)
    return {"about": asked.place.file if "/" in asked.place.file else "", "owner": owner}


def _judge(look: Look) -> Iterator[Finding]:
    own = {str(ref_of(each)) for each in look.items("deployments") if serves_vllm(each)}
    usage = {name: each for name, each in look.value("usage").items() if name in own}
    scaled = {str(ref_of(each)): each for each in look.items("scaled-objects") if _asks(each)}
    if not (usage and scaled):
        yield skip("no vLLM server with a GPU is up that a ScaledObject asks about")
        return
    found = [each for body in scaled.values() if (each := _of_scaled(body, own, usage))]
    yield from found
    if not found:
        yield ok(f"what {', '.join(scaled)} asks for is there in the metrics of the servers that are up")


def _of_scaled(body: Json, own: set[str], usage: Mapping[str, Json]) -> Finding | None:
    who, scaling = ref_of(body), autoscaling(body)
    target = f"{scaling.kind} {who.namespace}/{scaling.target}"
    about = {name: each for name, each in usage.items() if name == target or target not in own}
    problems = [f"{name}: {each['problem']}" for name, each in about.items() if each.get("problem")]
    if problems:
        return Finding(status="unknown", symptom=f"what {who} asks for could not be compared: {problems[0]}")
    there = {name for each in about.values() for name in each.get("names", ())}
    used = any(each.get("finished") for each in about.values())
    missing = [name for name in _asks(body) if f"vllm:{name}" not in there and _should_be(name, used=used)]
    if not (there and missing):
        return None
    return Finding(
        status="warn" if scaling.paused else "fail",
        symptom=f"{who} asks for vllm:{missing[0]}, which {' and '.join(about)} does not have",
        cause=f"{_CAUSE}{'; it is paused, and would do nothing once it is not' if scaling.paused else ''}",
        about=str(who),
        fix=cure_of(missing[0]) if missing[0] in CHANGES else "correct the name in the query of its trigger",
        evidence=(
            Evidence("its /metrics", f"has {len(there)} metrics of vLLM, among them {', '.join(sorted(there)[:4])}"),
        ),
    )


def _asks(scaled: Json) -> list[str]:
    return [name for _, trigger in triggers_of(scaled) for name in names_in(str(trigger.get("query") or ""))]


def _should_be(name: str, *, used: bool) -> bool:
    """One that went is told at once; of another, a server that has answered nobody may not have it yet."""
    return name in CHANGES or (used and not name.startswith(_LATER))


CHECK = Check(
    slug="vllm-metric-names",
    group="metrics",
    title="whoever reads vLLM's metrics asks for names that the servers have",
    reads=("deployments", "scaled-objects", "usage"),
    needs=("cluster-reachable",),
    judge=_judge,
    lint=_lint,
)

"""Does every model of the cluster have a price in LiteLLM, without which no budget binds?"""

import re
from collections.abc import Collection, Iterator

from aiops.checks.check import Check, at, ok, owned_by, skip
from aiops.gitops.declared import Declared
from aiops.gitops.litellm_config import Entry, model_entries
from aiops.judge.finding import Finding
from aiops.judge.in_cluster import address_of, host_of
from aiops.judge.promised import namespaces_of

_OWN_PROVIDERS = ("hosted_vllm", "vllm", "ollama", "ollama_chat", "lm_studio", "llamafile", "xinference", "infinity")
"""Of LiteLLM's provider prefixes, those of servers that one runs oneself."""
_PRIVATE = re.compile(r"(10|127|192\.168|172\.(1[6-9]|2\d|3[01]))\..*|.*\.(local|internal)")
_INPUT_ALONE = re.compile(r"embed|rerank|\bbge|\bgte|\be5\b|minilm|whisper|\btts", re.I)
"""In the name of a model that writes no tokens."""
_MODES = ("embedding", "rerank", "audio_transcription", "audio_speech", "image_generation", "moderation")
_CAUSE = "LiteLLM knows no price of a model that one runs oneself: every call counts 0, and no budget ever binds"
_FREE = "at a price of 0 LiteLLM does not even look at the budget (docs.litellm.ai/docs/proxy/custom_pricing)"


def _lint(declared: Declared) -> Iterator[Finding]:
    namespaces = namespaces_of(declared)
    entries = [each for each in model_entries(declared) if _is_own(each, namespaces)]
    found = [finding for each in entries if (finding := _finding(each))]
    yield from found
    if not entries:
        yield skip("no model_list of LiteLLM in the tree has a model that runs in the cluster")
    elif not found:
        yield ok(f"the {len(entries)} models that LiteLLM reaches in the cluster have their prices")


def _finding(entry: Entry) -> Finding | None:
    if entry.info.get("base_model") or entry.params.get("base_model"):
        return None  # it has the price of that one
    sides = ("input",) if _writes_nothing(entry) else ("input", "output")
    missing = [side for side in sides if _price(entry, side) is None]
    free = [side for side in sides if _price(entry, side) == 0]
    if not (missing or free):
        return None
    key = f"{(missing or free)[0]}_cost_per_token"
    place = entry.place("litellm_params", key)
    names = " and ".join(f"{side}_cost_per_token" for side in missing or free)
    return Finding(
        status="fail" if missing else "warn",
        symptom=f"model {entry.name} of LiteLLM has no {names}" if missing else f"model {entry.name} has {names} 0",
        cause=_CAUSE if missing else _FREE,
        fix=f"set {names} in its litellm_params: what the GPU costs per hour, by the tokens that it writes in one",
        about=place.file if "/" in place.file else "",
        owner=owned_by(entry.application),
        **at(place),
    )


def _is_own(entry: Entry, namespaces: Collection[str]) -> bool:
    """LiteLLM's own list of prices does not know it: it runs in the cluster."""
    provider, base = str(entry.params.get("model") or "").partition("/")[0], str(entry.params.get("api_base") or "")
    inside = address_of(base, "its own", namespaces) is not None and not base.startswith("os.environ/")
    return provider in _OWN_PROVIDERS or inside or bool(_PRIVATE.fullmatch(host_of(base)))


def _writes_nothing(entry: Entry) -> bool:
    mode = entry.info.get("mode") or entry.params.get("mode")
    return mode in _MODES or (not mode and bool(_INPUT_ALONE.search(f"{entry.name} {entry.params.get('model')}")))


def _price(entry: Entry, side: str) -> float | None:
    """The highest of those of one side: per token, per second, per character; None where there is none."""
    written = (text for body in (entry.params, entry.info) for key, text in body.items() if _is_price(str(key), side))
    return max((number for text in written if (number := _number(text)) is not None), default=None)


def _is_price(key: str, side: str) -> bool:
    return key.startswith(f"{side}_cost_per_")


def _number(text: object) -> float | None:
    """YAML takes 5e-07 for a text, LiteLLM for a number."""
    try:
        return float(str(text))
    except ValueError:
        return None


CHECK = Check(
    slug="litellm-prices",
    group="gateway",
    title="every model that LiteLLM reaches in the cluster has a price",
    lint=_lint,
)

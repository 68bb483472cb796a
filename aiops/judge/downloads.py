"""What else goes to Hugging Face's hub at a start: storage URIs, tokenizers of load generators, Open WebUI."""

import re
from collections.abc import Iterator

from aiops.gitops.parsing import Body, part, value
from aiops.gitops.workloads import Container, Pods
from aiops.judge.hub import OFFLINE, hub_cache, is_hub_id, is_offline, is_on
from aiops.judge.mounts import is_beneath, mount_of, mounts_of
from aiops.judge.serving_images import base_of, image_of
from aiops.judge.weights import Flaw, text_of

_TOKENIZER = re.compile(r"(?:--tokenizer|--processor)[ =]+[\"']?(\$?\{?[\w./-]+)")
_CHAT_DATA = "/app/backend/data"
"""Where Open WebUI's image holds the models that it searches documents with; a volume there hides them."""
_LOCAL_ENGINE = ("", "sentence-transformers")
_LIMITED = "Hugging Face turns the addresses of a cluster away that ask too often (429)"


def uri_flaws(body: Body) -> Iterator[Flaw]:
    """Of a service of KServe whose weights its storage initializer fetches."""
    for path in (("spec", "model", "uri"), ("spec", "predictor", "model", "storageUri")):
        if str(value(body, *path) or "").startswith("hf://"):
            yield _uri(str(value(body, *path)), path)


def container_flaws(pods: Pods, container: Container) -> Iterator[Flaw]:
    """Of one that serves no model from the hub itself."""
    uri = container.value_of("STORAGE_URI") or ""
    if uri.startswith("hf://"):
        yield _uri(uri, (*container.path, "env", "STORAGE_URI"))
    if model := _tokenizer(pods, container):
        yield Flaw(
            "warn",
            f"fetches the tokenizer of {model} from Hugging Face at each run",
            _LIMITED,
            "set HF_HOME to a folder of a persistentVolumeClaim, or the tokenizer to a path",
            (*container.path, "command"),
        )
    if _chat_fetches(pods, container):
        yield Flaw(
            "warn",
            "fetches its embedding model from Hugging Face when its volume is empty",
            f"the volume at {_CHAT_DATA} hides the image's own, and {_LIMITED}",
            "set RAG_EMBEDDING_ENGINE to openai with a model of the platform, or OFFLINE_MODE=true",
            (*container.path, "env"),
        )


def _uri(uri: str, path: tuple[str | int, ...]) -> Flaw:
    return Flaw(
        "warn",
        f"has its weights fetched from {uri} for every new pod",
        _LIMITED,
        "set an oci:// image with a digest, or a pvc:// that holds the weights",
        path,
    )


def _tokenizer(pods: Pods, container: Container) -> str:
    """The id whose tokenizer it fetches; empty where it keeps it, has it, or does not say."""
    text = text_of(container)
    found = _TOKENIZER.search(text)
    if found is None or is_offline(container, OFFLINE[0]):
        return ""
    name = found[1].strip("${}")
    if found[1].startswith("$"):
        default = re.search(rf"\b{re.escape(name)}=[\"']?(?:\$\{{{re.escape(name)}:?-)?([\w./-]+)", text)
        name = container.value_of(name) or (default[1] if default else "")
    mount = mount_of(hub_cache(container) or "/", mounts_of(pods.spec, container.body))
    return name if is_hub_id(name) and not (mount and mount.claim) else ""


def _chat_fetches(pods: Pods, container: Container) -> bool:
    if base_of(image_of(container.body)) != "open-webui" or part(container.body, "envFrom"):
        return False
    engine = container.env.get("RAG_EMBEDDING_ENGINE", {})
    local = "valueFrom" not in engine and str(engine.get("value") or "") in _LOCAL_ENGINE
    offline = any(is_on(container.value_of(name)) for name in ("OFFLINE_MODE", *OFFLINE))
    hidden = any(is_beneath(f"{_CHAT_DATA}/cache", each.path) for each in mounts_of(pods.spec, container.body))
    return local and hidden and not offline

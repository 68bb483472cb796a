"""The rules on a whole platform that is not ours, and on the same one with every name changed: they find the same."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from aiops.snapshot import Json

ROOT = Path(__file__).resolve().parents[2]
TREE = ROOT.parent / "shared" / "platform-tree" / "tree"
RENDERER = shutil.which("kustomize") or shutil.which("kubectl")
pytestmark = [
    pytest.mark.skipif(not TREE.is_dir(), reason="the platform's tree is not beside this checkout"),
    pytest.mark.skipif(RENDERER is None, reason="no kustomize on this machine"),
]
URL = "https://git.example.com/acme/platform.git"
BAD = ("fail", "warn", "unknown")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of it, with a repository's URL."""
    folder = tmp_path_factory.mktemp("tree") / "work"
    shutil.copytree(TREE, folder)
    for file in files(folder):
        file.write_text(file.read_text().replace("REPO_URL", URL))
    return folder


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def run(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "aiops", "lint", str(folder), *words],
        env={**os.environ, "LC_ALL": "C.UTF-8"}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def lint(folder: Path) -> Json:
    """The document of a lint."""
    done = run(folder, "-o", "json")
    assert "Traceback" not in done.stderr, done.stderr
    found: Json = json.loads(done.stdout)
    return found


def found_in(document: Json) -> set[tuple[str, str, str, str]]:
    """(check, status, what it is about, file) of all that is found."""
    return {
        (check["slug"], found["status"], found["about"], found["file"])
        for check in document["result"]["checks"]
        for found in check["findings"]
        if found["status"] in BAD
    }


def renames(folder: Path) -> Mapping[str, str]:
    """Another name for the environment, and for all applications, groups, Secrets, claims and served models."""
    names = {file.stem for file in folder.glob("clusters/*/catalog/*/*.yaml")}
    names |= {path.name for path in folder.glob("clusters/*")}
    text = "\n".join(file.read_text() for file in files(folder) if file.suffix in (".yaml", ".yml"))
    names |= set(re.findall(r"kind: (?:ExternalSecret|PersistentVolumeClaim)\nmetadata:\n  name: ([\w.-]+)", text))
    names |= set(re.findall(r"secretKeyRef:\n\s+name: ([\w.-]+)", text))
    names |= set(re.findall(r"--served-model-name=([\w.-]+)", text))
    groups = {path.name for path in folder.glob("clusters/*/catalog/*")}  # known to the config's table
    words = sorted(name for name in names - groups if len(name) > 3 and name not in KEPT)
    return {name: f"x{number:02d}-{name[::-1].strip('-.')}" for number, name in enumerate(words)}


KEPT = {"kserve", "keda", "kueue", "litellm", "dex", "kyverno", "opencost", "observability", "cert-manager"}
"""Names that are those of a program too: in an image, an API group, a chart."""


def renamed(folder: Path, names: Mapping[str, str], target: Path) -> Path:
    """A copy in which these words are others: in files, and in their paths. Images and API groups stay the same."""
    every = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    words = re.compile(rf"(?<![\w-])({every})(?![\w-]|\.io\b|\.dev\b)")

    def change(text: str) -> str:
        return text if "image" in text else words.sub(lambda match: names[match[1]], text)

    for file in files(folder):
        path = target / change(str(file.relative_to(folder)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(map(change, file.read_text().splitlines(keepends=True))))
    return target


KNOWN = {
    ("compile-cache-kept", "kserve-demo"), ("gpu-memory-headroom", "coder-chat"), ("gpu-tolerated", "kserve-demo"),
    ("gpu-tolerated", "llm-d"), ("host-memory", "coder-chat"), ("images-pinned", "raw-vllm"),
    ("jobs-are-hooks", "n8n"), ("model-metrics-scraped", "coder-agent"), ("model-metrics-scraped", "coder-chat"),
    ("model-metrics-scraped", "coder-fim"), ("network-paths", "network-policies"), ("scale-to-zero", "kserve-demo"),
    ("secret-refs-optional", "kserve-demo"), ("shared-memory-within-limit", "kserve-demo"),
    ("startup-budget", "guardrails"), ("startup-budget", "mcp-gateway"), ("startup-budget", "open-webui"),
    ("tool-calls-parsed", "coder-agent"), ("virtual-keys-bounded", "litellm-keys"), ("virtual-keys-bounded", "n8n"),
    ("volume-single-writer", "open-webui"), ("volume-single-writer", "tabby"), ("waves-gate", ""),
    ("weights-offline", ""), ("weights-offline", "embeddings"), ("weights-offline", "llm-d"),
}  # fmt: skip
"""What its operators know of it: (check, application)."""
SOUND = {
    "autoscaler-paused", "autoscaler-reads-metrics", "dcgm-exporter-single", "dcgm-scraped", "kueue-defaults",
    "kueue-webhooks-scoped", "litellm-prices", "pool-names", "replicas-respected", "route-policies-attached",
    "gpu-rollout", "kinds-delivered", "hosts-in-domain", "tree-renders", "config-valid",
}  # fmt: skip
"""What it is right in, by its operators' own care."""


def test_what_is_known_of_it_is_found_and_what_is_right_is_not(tree: Path) -> None:
    document = lint(tree)
    found = {
        (check["slug"], each["owner"].removeprefix("application ").partition(",")[0])
        for check in document["result"]["checks"]
        for each in check["findings"]
        if each["status"] in BAD
    }
    assert KNOWN - found == set()
    assert {slug for slug, _ in found} & SOUND == set()
    places = [each for check in document["result"]["checks"] for each in check["findings"] if each["status"] in BAD]
    assert [each for each in places if not (each["file"] and 0 < each["line"] <= lines(tree / each["file"]))] == []


def lines(file: Path) -> int:
    return len(file.read_text().splitlines())


def test_of_a_domain_that_is_empty_and_of_hosts_that_are_not(tree: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(tree, tmp_path / "tree")
    (config,) = copy.glob("environments/*/config.yaml")
    config.write_text(re.sub(r"(?m)^domain:.*$", 'domain: ""', config.read_text()))
    assert "hosts-in-domain" in {slug for slug, *_ in found_in(lint(copy))}


CANARY = "canary-4be1-never-print-me"


@pytest.mark.parametrize("form", ["table", "json", "sarif", "github"])
def test_a_secret_that_somebody_wrote_into_the_tree_is_not_told(tree: Path, tmp_path: Path, form: str) -> None:
    """Into every annotation, every variable with a value, every Secret's and ConfigMap's data, and charts' values."""
    copy = shutil.copytree(tree, tmp_path / "tree")
    secret = re.compile(r"(?m)^(\s*- name: [A-Z_]*(?:KEY|TOKEN|SECRET|PASSWORD)[A-Z_]*\n\s*value: ).*$")
    for file in copy.rglob("*.yaml"):
        text = secret.sub(rf"\g<1>{CANARY}", file.read_text())
        text = re.sub(r"(?m)^(  annotations:)$", rf"\1\n    example.com/token: {CANARY}", text)
        file.write_text(re.sub(r"(?m)^(password|apiKey|masterkey|token): .*$", rf"\1: {CANARY}", text))
    (copy / "extra.yaml").write_text(
        f"apiVersion: v1\nkind: Secret\nmetadata: {{ name: x }}\nstringData: {{ key: {CANARY} }}\n---\n"
        f"apiVersion: v1\nkind: Pod\nmetadata: {{ name: y }}\nspec:\n  containers:\n    - name: vllm\n"
        f"      image: vllm/vllm-openai:v0.9.0\n      env: [{{ name: HF_TOKEN, value: {CANARY} }}]\n"
        f"      args: [--model=a/b, --api-key={CANARY}]\n      resources: {{ limits: {{ nvidia.com/gpu: 1 }} }}\n"
    )
    done = run(copy, "-o", form)
    assert done.returncode in (0, 3), done.stderr
    assert "extra.yaml" in done.stdout
    assert CANARY not in done.stdout + done.stderr


def test_with_every_name_changed_the_same_is_found(tree: Path, tmp_path: Path) -> None:
    """A check that knows a name by heart would be silent."""
    names = renames(tree)
    assert len(names) > 50
    before, after = found_in(lint(tree)), found_in(lint(renamed(tree, names, tmp_path / "renamed")))
    back = {new: old for old, new in names.items()}
    words = re.compile("|".join(map(re.escape, back)))
    told = {tuple(words.sub(lambda match: back[match[0]], text) for text in found) for found in after}
    assert told == before
    assert before

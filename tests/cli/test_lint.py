"""`lint`, from its words to its exit codes: on a tree of its own, without a cluster, and with nothing written."""

import json
import os
import re
import shutil
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from aiops.snapshot import Json
from tests.cli.shell import Outcome, Shell
from tests.operations.checkout import checkout

Run = Callable[..., Outcome]
CHAT = "experience/chat/deployment.yaml"
CLAIM = """apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: chats }
spec: { accessModes: [ReadWriteOnce] }
"""
VOLUME = "      volumes: [{ name: chats, persistentVolumeClaim: { claimName: chats } }]\n      containers:\n"
pytestmark = pytest.mark.skipif(
    not (shutil.which("kustomize") or shutil.which("kubectl")), reason="no kustomize on this machine"
)


@pytest.fixture
def broken(aiops: Shell) -> Path:
    """The sample tree, in which a rollout of the chat waits for its own volume."""
    chat = aiops.folder / "experience" / "chat"
    (chat / "pvc.yaml").write_text(CLAIM)
    for file, old, new in (
        (chat / "kustomization.yaml", "resources:\n", "resources:\n  - pvc.yaml\n"),
        (chat / "deployment.yaml", "      containers:\n", VOLUME),
    ):
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new, 1))
    return aiops.folder


def suppress(folder: Path, *, until: str) -> None:
    config = folder / "config.yaml"
    rule = f"{{ check: volume-*, about: Deployment experience/chat, reason: one node, until: {until} }}"
    config.write_text(f"{config.read_text()}  suppressions: [{rule}]\n")


def checks(outcome: Outcome) -> dict[str, Json]:
    return {each["slug"]: each for each in json.loads(outcome.out)["result"]["checks"]}


def test_the_sample_is_sound(aiops: Shell) -> None:
    before = {path: path.read_bytes() for path in aiops.folder.rglob("*") if path.is_file()}
    outcome = aiops("lint")
    assert outcome.code == 0, outcome
    assert "16 applications of all groups" in outcome.out
    assert {path: path.read_bytes() for path in aiops.folder.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("broken")
def test_a_finding_has_its_file_and_line(aiops: Shell) -> None:
    outcome = aiops("lint", "--only", "volume-single-writer", "--profile", "full")
    assert outcome.code == 3
    found = re.search(r"(experience/chat/\S+):(\d+)  Deployment experience/chat rolls while", outcome.out)
    assert found, outcome
    lines = (aiops.folder / found[1]).read_text().splitlines()
    assert "spec:" in lines[int(found[2]) - 1] or "strategy" in lines[int(found[2]) - 1]


@pytest.mark.usefixtures("broken")
def test_its_documents_say_the_same(aiops: Shell) -> None:
    outcome = aiops("lint", "-o", "json")
    (finding,) = checks(outcome)["volume-single-writer"]["findings"]
    assert (outcome.code, json.loads(outcome.out)["exitCode"]) == (3, 3)
    sarif = aiops("lint", "-o", "sarif")
    (run,) = json.loads(sarif.out)["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], result["level"]) == ("volume-single-writer", "error")
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == (finding["file"], finding["line"])
    assert "volume-single-writer" in {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    github = aiops("lint", "-o", "github")
    assert github.out.startswith(f"::error file={finding['file']},line={finding['line']},title=volume-single-writer::")
    assert (sarif.code, github.code) == (3, 3)


def test_a_folder_that_is_not_here_is_named_in_every_place(aiops: Shell, broken: Path, tmp_path: Path) -> None:
    away = Shell(tmp_path, aiops.environ)
    document = json.loads(away("lint", "work", "-o", "json").out)
    assert document["result"]["tree"] == "work"
    assert away("lint", "work", "-o", "github").out.startswith(f"::error file=work/{CHAT.rpartition('/')[0]}/")
    assert away("lint", str(broken)).code == 3


@pytest.mark.parametrize(("until", "code", "status"), [("2999-01-01", 0, "suppressed"), ("2020-01-01", 3, "fail")])
def test_what_is_suppressed_stays_in_sight_until_its_day(
    aiops: Shell, broken: Path, until: str, code: int, status: str
) -> None:
    suppress(broken, until=until)
    outcome = aiops("lint", "-o", "json")
    check = checks(outcome)["volume-single-writer"]
    assert (outcome.code, check["status"]) == (code, status)
    assert "one node" in json.dumps(check["findings"])
    assert "one node" in aiops("lint").out


def test_a_tree_without_a_config(aiops: Shell, broken: Path) -> None:
    (broken / "config.yaml").unlink()
    outcome = aiops("lint", str(broken), "-o", "json")
    assert outcome.code == 3
    assert "config-valid" not in checks(outcome)
    assert aiops("lint", str(broken), "--profile", "full").code == 2
    assert aiops("lint").code == 2


def test_without_a_renderer_nothing_is_called_fine(aiops: Shell, broken: Path, tmp_path: Path) -> None:
    alone = tmp_path / "bin"
    alone.mkdir()
    for program in ("python3", "git"):
        if found := shutil.which(program):
            (alone / program).symlink_to(found)
    for words, environ, why in (
        ((), {"PATH": str(alone)}, "neither kustomize nor kubectl is on the PATH"),
        (("--no-render",), {"PATH": os.environ["PATH"]}, "--no-render leaves"),
    ):
        outcome = Shell(broken, {**aiops.environ, **environ})("lint", "-o", "json", *words)
        check = checks(outcome)["volume-single-writer"]
        assert (outcome.code, check["status"]) == (0, "skip"), outcome
        assert why in outcome.out


def test_what_cannot_be_rendered_fails(aiops: Shell) -> None:
    file = aiops.folder / "platform" / "dex" / "kustomization.yaml"
    file.write_text(f"{file.read_text()}patches: [{{ path: nowhere.yaml }}]\n")
    outcome = aiops("lint")
    assert outcome.code == 3
    assert "application dex cannot be rendered" in outcome.out
    assert "nowhere.yaml" in outcome.out


@pytest.mark.parametrize(
    "field",
    [
        "configMapGenerator: [{{ name: x, files: ['a={url}/a'] }}]",
        "patches: [{{ path: '{url}/p.yaml' }}]",
        "resources: ['{url}/r.yaml', missing.yaml]",
        "transformers: ['{url}/t.yaml']",
        "openapi: {{ path: '{url}/o.json' }}",
    ],
)
def test_no_tree_has_it_ask_the_network(aiops: Shell, field: str) -> None:
    asked: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        folder = aiops.folder / "platform" / "dex"
        text = (folder / "kustomization.yaml").read_text()
        line = field.format(url=f"http://127.0.0.1:{server.server_port}")
        if line.startswith("resources"):
            text = text.replace("resources:", "bases:")
        (folder / "kustomization.yaml").write_text(f"{text}{line}\n")
        outcome = aiops("lint")
        server.shutdown()
    assert asked == []
    assert "dex" in outcome.out, outcome


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("path: platform/dex", "path: nowhere/x", "nowhere/x: no such folder"),
        ("path: platform/dex", "path: ../../..", "is outside of the repository"),
        ("path: platform/dex", "path: /etc", "is outside of the repository"),
        ("path: platform/dex", "path: 5", "path of a source is `5`, and is to be a text"),
    ],
)
def test_a_path_that_argo_cd_does_not_find_either(aiops: Shell, old: str, new: str, says: str) -> None:
    file = next(aiops.folder.glob("clusters/*/catalog/identity/dex.yaml"))
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    outcome = aiops("lint")
    assert outcome.code in (2, 3), outcome
    assert says in outcome.out + outcome.err


def test_what_kustomize_says_of_secrets_is_left_out(aiops: Shell) -> None:
    file = aiops.folder / "platform" / "dex" / "kustomization.yaml"
    file.write_text(f"{file.read_text()}secretGenerator: [{{ name: s, literals: [canary-77] }}]\n")
    outcome = aiops("lint")
    assert outcome.code == 3
    assert "its words may hold a Secret" in outcome.out
    assert "canary-77" not in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nowhere",), "nowhere: no such folder"),
        (("--only", "volume-single-writr"), "did you mean `volume-single-writer`?"),
        (("--profile", "fool"), "fool"),
        (("serving",), "no folder clusters/ENVIRONMENT"),
    ],
)
def test_wrong_use(aiops: Shell, words: tuple[str, ...], says: str) -> None:
    outcome = aiops("lint", *words)
    assert outcome.code == 2
    assert says in outcome.err


def test_another_trees_config_is_not_this_ones(aiops: Shell, tmp_path: Path) -> None:
    other = checkout(tmp_path / "other")
    outcome = aiops("lint", str(other), "--config", str(aiops.folder / "config.yaml"))
    assert outcome.code == 2
    assert "is the config of another tree" in outcome.err

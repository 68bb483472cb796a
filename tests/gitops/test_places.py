"""Where something is written: the line of the very field, in the file that sets it."""

import textwrap

import pytest
import yaml

from aiops.gitops.document import Document, document
from aiops.gitops.nodes import Place
from aiops.gitops.places import place, place_in_file
from tests.gitops.trees import commit

BASE = """\
# the model
apiVersion: apps/v1
kind: Service
metadata: {name: llama}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: llama
spec:
  template:
    spec:
      containers:
        - name: proxy
        - image: a/vllm:1
          name: vllm
          args:
            - --model=x
            - "--port"
            - --model-impl=y
"""
PATCH = """\
kind: Deployment
metadata: {name: llama}
spec:
  template:
    spec:
      containers:
        - name: vllm
          image: a/vllm:2
"""
VLLM = ("spec", "template", "spec", "containers", "vllm")


def of(name: str, file: str, kind: str = "Deployment", *, patch: bool = False) -> Document:
    body = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}}
    return Document("apps", "v1", kind, name, "", body, file, patch)


def where(*path: str | int, written: tuple[Document, ...] = (), **files: str) -> str:
    texts = {"base.yaml": BASE, **{f"{name}.yaml": text for name, text in files.items()}}
    return str(place(commit(texts, {}), of("llama", "base.yaml"), written, path))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 6),
        (("metadata", "name"), 9),
        (VLLM, 15),
        ((*VLLM, "image"), 15),
        ((*VLLM[:-1], 0), 14),
        ((*VLLM, "args", "--port"), 19),
        ((*VLLM, "args", "--model-"), 20),
        ((*VLLM, "args", 2), 20),
    ],
)
def test_a_field_of_one_of_several_documents(path: tuple[str | int, ...], line: int) -> None:
    assert where(*path) == f"base.yaml:{line}"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("spec", "strategy", "type"), 10),
        ((*VLLM, "args", "--absent"), 17),
        ((*VLLM[:-1], 7), 13),
        ((*VLLM[:-1], "x"), 13),
    ],
)
def test_what_is_not_written_is_at_what_would_hold_it(path: tuple[str | int, ...], line: int) -> None:
    assert where(*path) == f"base.yaml:{line}"


def test_a_patch_that_sets_it_wins_and_no_other() -> None:
    patch = of("llama", "patch.yaml", patch=True)
    assert where(*VLLM, "image", written=(patch,), patch=PATCH) == "patch.yaml:8"
    assert where(*VLLM, "args", written=(patch,), patch=PATCH) == "base.yaml:17"


def test_the_last_of_two_patches_wins() -> None:
    patches = (of("llama", "one.yaml", patch=True), of("llama", "two.yaml", patch=True))
    assert where(*VLLM, "image", written=patches, one=PATCH, two=f"# second\n{PATCH}") == "two.yaml:9"


@pytest.mark.parametrize("pattern", ["llam", "mistral", "l.*b"])
def test_a_patch_of_another_object_is_none(pattern: str) -> None:
    assert where(*VLLM, "image", written=(of(pattern, "patch.yaml", patch=True),), patch=PATCH) == "base.yaml:15"


def test_a_patch_is_for_all_that_its_pattern_means() -> None:
    body = document({"kind": "Deployment", "metadata": {"name": "llama"}}, "").body
    patch = Document("", "", "Deployment|StatefulSet", "l.*", "", body, "patch.yaml", True)
    assert where(*VLLM, "image", written=(patch,), patch=PATCH) == "patch.yaml:8"


OPERATIONS = """\
- op: test
  path: /spec/template/spec/containers/1/image
  value: a/vllm:1
- {op: replace, path: /spec/template/spec/containers/1/image, value: a/vllm:2}
- op: add
  path: /spec/template/spec/containers/1/args/-
  value: --port=1
- op: add
  path: /spec/strategy
  value:
    type: Recreate
- {op: remove, path: /spec/template/spec/containers/0/args}
- {op: add, path: /metadata/annotations, value: {a~b: c, example.com/d: e}}
- {op: add, path: /metadata/annotations/example.com~1d, value: f}
"""
PATCHED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: llama, annotations: {example.com/d: f}}
spec:
  strategy: {type: Recreate}
  template: {spec: {containers: [{name: proxy}, {name: vllm, image: a/vllm:2, args: [--model=x, --port, --port=1]}]}}
"""
"""What BASE becomes by them."""


def rendered(name: str = "llama", namespace: str = "") -> Document:
    body = yaml.safe_load(PATCHED)
    return Document("apps", "v1", "Deployment", name, namespace, body, "base.yaml")


JSON_PATCHED = pytest.mark.parametrize(
    ("path", "place_of"),
    [
        ((*VLLM, "image"), ("patch", 4)),
        ((*VLLM, "args", "--port="), ("patch", 7)),
        ((*VLLM, "args", "--model"), ("base", 18)),
        ((*VLLM, "name"), ("base", 16)),
        ((*VLLM[:-1], "proxy", "name"), ("base", 14)),
        (("spec", "strategy", "type"), ("patch", 11)),
        (("metadata", "annotations", "example.com/d"), ("patch", 14)),
    ],
)


@JSON_PATCHED
def test_a_json_patch_in_a_file(path: tuple[str | int, ...], place_of: tuple[str, int]) -> None:
    files = commit({"base.yaml": BASE, "patch.yaml": OPERATIONS}, {})
    patch = Document("", "", "Deployment", "llama", "", {"operations": []}, "patch.yaml", True)
    file, line = place_of
    assert place(files, rendered(), (patch,), path) == Place(f"{file}.yaml", line)


@JSON_PATCHED
def test_a_json_patch_in_the_kustomization(path: tuple[str | int, ...], place_of: tuple[str, int]) -> None:
    """That of another target has the same operations, and stands before and behind it."""
    block = f"    patch: |-\n{textwrap.indent(OPERATIONS, ' ' * 6)}"
    entries = [f"  - target: {{kind: Deployment, name: {name}}}\n{block}" for name in ("other", "llama", "another")]
    lines = len(entries[0].splitlines())
    files = commit({"base.yaml": BASE, "patch.yaml": "patches:\n" + "".join(entries)}, {})
    patches = tuple(
        Document("", "", "Deployment", name, "", {"operations": []}, "patch.yaml", True)
        for name in ("other", "llama", "another")
    )
    file, line = place_of
    shift = {"base": 0, "patch": 1 + lines + 2}[file]
    assert place(files, rendered(), patches, path) == Place(f"{file}.yaml", shift + line)


INLINE = f"  - patch: |\n{textwrap.indent(PATCH, ' ' * 6)}"
TARGET = "    target: {kind: Deployment, name: llama}\n"


@pytest.mark.parametrize("entry", [INLINE, INLINE + TARGET, INLINE.replace("llama", "any") + TARGET])
def test_a_patch_that_stands_in_the_kustomization(entry: str) -> None:
    patch = of("llama", "kustomization.yaml", patch=True)
    files = commit({"base.yaml": BASE, "kustomization.yaml": f"patches:\n{entry}"}, {})
    assert place(files, rendered(), (patch,), (*VLLM, "image")) == Place("kustomization.yaml", 10)
    files = commit({"base.yaml": BASE, "kustomization.yaml": f"patchesStrategicMerge:\n{entry.splitlines()[0]}"}, {})
    assert place(files, rendered(), (patch,), (*VLLM, "image")) == Place("base.yaml", 15)


def test_one_of_two_that_differ_by_their_namespace_alone() -> None:
    text = "".join(f"kind: Deployment\nmetadata: {{name: llama, namespace: {name}}}\n---\n" for name in "abc")
    files = commit({"base.yaml": text}, {})
    for namespace, line in (("a", 2), ("b", 5), ("c", 8), ("moved", 2)):
        found = rendered(namespace=namespace)
        assert place(files, found, (found,), ("metadata", "name")) == Place("base.yaml", line)


def test_items_of_a_list_and_json() -> None:
    listed = "kind: List\nitems:\n- kind: Pod\n  metadata: {name: a}\n- kind: Pod\n  metadata: {name: b}\n  spec: {}\n"
    files = commit({"list.yaml": listed, "one.json": '{\n"kind": "Pod",\n"metadata": {"name": "c"},\n"spec": {}}'}, {})
    assert place(files, of("b", "list.yaml", "Pod"), (), ("spec",)) == Place("list.yaml", 7)
    assert place(files, of("c", "one.json", "Pod"), (), ("spec",)) == Place("one.json", 4)


@pytest.mark.parametrize("text", ["", "a: [", "- {{ .Values.x }}\n: :"])
def test_what_does_not_parse_or_is_elsewhere_is_the_first_line(text: str) -> None:
    files = commit({"base.yaml": text}, {})
    assert place(files, of("llama", "base.yaml"), (), ("spec",)) == Place("base.yaml", 1)
    assert place_in_file(files, "base.yaml", ("spec",)) == Place("base.yaml", 1)


def test_a_file_of_values() -> None:
    files = commit({"values.yaml": "# of the chart\na:\n  b: 1\n"}, {})
    assert place_in_file(files, "values.yaml", ("a", "b")) == Place("values.yaml", 3)

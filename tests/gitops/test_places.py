"""Where something is written: the line of the very field, in the file that sets it."""

import textwrap

import pytest
import yaml

from aiops.gitops.document import Document, document
from aiops.gitops.manifests import documents
from aiops.gitops.nodes import Place
from aiops.gitops.patches import patched
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
- {op: add, path: /metadata/annotations, value: {a~b: c, example.com/d: e}}
- {op: add, path: /metadata/annotations/example.com~1d, value: f}
- {op: add, path: /metadata/annotations/a~0b, value: g}
"""
PATCHED = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: llama, annotations: {example.com/d: f, a~b: g}}
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
        (("metadata", "annotations", "example.com/d"), ("patch", 13)),
        (("metadata", "annotations", "a~b"), ("patch", 14)),
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
    names = ("other", "llama", "another")
    block = f"    patch: |-\n{textwrap.indent(OPERATIONS, ' ' * 6)}"
    entries = [f"  - target: {{kind: Deployment, name: {name}}}\n{block}" for name in names]
    file, line = place_of
    above = {"base": 0, "patch": 1 + len(entries[0].splitlines()) + 2}[file]
    found = {"base": "base.yaml", "patch": "kustomization.yaml"}[file]
    assert in_app("patches:\n" + "".join(entries), path) == f"{found}:{above + line}"


ALONE = BASE.replace("apiVersion: apps/v1\nkind: Service\nmetadata: {name: llama}\n---\n", "#\n#\n#\n#\n")
"""On the same lines."""


def in_app(kustomization: str, path: tuple[str | int, ...], **files: str) -> str:
    """Where a field of the Deployment is written, once the kustomization has changed BASE."""
    texts = {"kustomization.yaml": f"{kustomization}resources: [base.yaml]\n", "base.yaml": ALONE}
    app = commit({f"app/{name}": text for name, text in {**texts, **files}.items()}, {})
    written = documents(app, "app")
    (found,) = (each for each in patched(written) if each.kind == "Deployment")
    return str(place(app, found, written, path)).removeprefix("app/")


IMAGE = (*VLLM, "image")
REPLACED = "- {op: replace, path: /spec/template/spec/containers/1/image, value: v}\n"
GONE = """\
- {op: replace, path: /spec/template/spec/containers/0/image, value: v}
- {op: remove, path: /spec/template/spec/containers/0}
"""
MOVED = """\
- {op: replace, path: /spec/template/spec/containers/1/image, value: v}
- {op: remove, path: /spec/template/spec/containers/0}
- {op: add, path: /spec/template/spec/containers/0, value: {name: first}}
- {op: add, path: /spec/template/spec/containers/2, value: {name: last}}
- {op: replace, path: /metadata/annotations, value: {a: b}}
- {op: add, path: /metadata/annotations/8080, value: c}
"""
TURNS = """\
patches:
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /spec/replicas, value: 1}
- target: {kind: Deployment}
  patch: |
    kind: Deployment
    metadata: {name: any}
    spec: {replicas: 2}
- target: {kind: Deployment}
  patch: |
    - {op: add, path: /spec/paused, value: true}
"""
SCALED = "kind: Deployment\nmetadata: {name: llama}\nspec: {paused: true}\n---\n" + PATCH.replace(
    "  template", "  replicas: 3\n  template"
)


@pytest.mark.parametrize(
    ("kustomization", "path", "where"),
    [
        ("patches: [{target: {version: v1}, path: p.yaml}]\n", IMAGE, "p.yaml:1"),
        (f"patches:\n- target: {{version: v1}}\n  patch: |\n    {REPLACED}", IMAGE, "kustomization.yaml:4"),
        (f"patches:\n- target: {{version: v1}}\n  patch: '{REPLACED.strip()}'\n", IMAGE, "kustomization.yaml:3"),
        ("patchesJson6902: [{target: {kind: Deployment}, path: p.yaml}]\n", IMAGE, "p.yaml:1"),
        ("# at 3\nreplicas:\n- name: other\n  count: 1\n- name: llama\n  count: 3\n", ("spec", "replicas"),
         "kustomization.yaml:6"),
        (f"patches:\n- target: {{kind: .*}}\n  patch: |\n{textwrap.indent(GONE, '    ')}", IMAGE, "base.yaml:15"),
        ("patches: [{path: m.yaml, target: {kind: Deployment}}]\n", IMAGE, "m.yaml:1"),
        ("patches: [{path: m.yaml, target: {kind: Deployment}}]\n", (*VLLM[:-1], "first", "name"), "m.yaml:3"),
        ("patches: [{path: m.yaml, target: {kind: Deployment}}]\n", ("metadata", "annotations", "a"), "m.yaml:5"),
        (TURNS, ("spec", "replicas"), "kustomization.yaml:9"),
        (f"patchesStrategicMerge:\n- |\n{textwrap.indent(PATCH, '  ')}", IMAGE, "kustomization.yaml:10"),
        ("patches: [{path: s.yaml}]\n", ("spec", "replicas"), "s.yaml:8"),
        ("patches: [{path: s.yaml, target: {kind: Deployment}}]\n", ("spec", "paused"), "s.yaml:3"),
        ("patches: null\nreplicas: 3\n", IMAGE, "base.yaml:15"),
    ],
)  # fmt: skip
def test_a_patch_of_every_sort(kustomization: str, path: tuple[str | int, ...], where: str) -> None:
    assert in_app(kustomization, path, **{"p.yaml": REPLACED, "s.yaml": SCALED, "m.yaml": MOVED}) == where


INLINE = f"  - patch: |\n{textwrap.indent(PATCH, ' ' * 6)}"
TARGET = "    target: {kind: Deployment, name: llama}\n"


@pytest.mark.parametrize("entry", [INLINE, INLINE + TARGET, INLINE.replace("llama", "any") + TARGET])
def test_a_patch_that_stands_in_the_kustomization(entry: str) -> None:
    patch = of("llama", "kustomization.yaml", patch=True)
    files = commit({"base.yaml": BASE, "kustomization.yaml": f"patches:\n{entry}"}, {})
    assert place(files, rendered(), (patch,), (*VLLM, "image")) == Place("kustomization.yaml", 10)


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

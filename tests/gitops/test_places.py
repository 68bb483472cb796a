"""Where something is written: the line of the very field, in the file that sets it."""

import pytest

from aiops.gitops.document import Document, document
from aiops.gitops.places import Place, first_line, place, place_in_file
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


def test_a_file_of_values_and_a_line_of_text() -> None:
    files = commit({"values.yaml": "# of the chart\na:\n  b: 1\n", "notes.md": "one\ntwo metrics\n"}, {})
    assert place_in_file(files, "values.yaml", ("a", "b")) == Place("values.yaml", 3)
    assert first_line(files, "notes.md", "metrics") == Place("notes.md", 2)
    assert first_line(files, "notes.md", "absent") == Place("notes.md", 1)

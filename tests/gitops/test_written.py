"""Fields with their lines, in texts within files too."""

from aiops.gitops.files import Commit
from aiops.gitops.written import all_fields, fields

MAP = """\
apiVersion: v1
kind: ConfigMap
data:
  config.yaml: |
    # first
    model_list:
      - model_name: a
        x: [1, 2]
  board.json: |
    {
      "panels": [{"expr": "up"}]
    }
  quoted: "{\\"expr\\": \\"up\\"}"
  script.sh: |
    echo "model_list: {"
"""


def test_the_lines_of_texts_are_those_of_the_file() -> None:
    files = Commit("0" * 40, {"a.yaml": MAP, "b.txt": "expr: up"})
    lines = {each.path: each.place.line for each in all_fields(files, "model_list")}
    assert lines["data", "config.yaml", "model_list"] == 6
    assert lines["data", "config.yaml", "model_list", 0, "x"] == 8
    boards = {each.path: (each.place.line, each.text) for each in fields(files, "a.yaml", "expr")}
    assert boards["data", "board.json", "panels", 0, "expr"] == (11, "up")
    assert boards["data", "quoted", "expr"] == (13, "up")
    assert list(fields(files, "b.txt", "expr")) == []


def test_a_value_is_data() -> None:
    files = Commit("0" * 40, {"a.yaml": "x: {a: [1, true]}\ny: !odd 1\n"})
    values = {each.path: each.value() for each in fields(files, "a.yaml", "a")}
    assert values["x",] == {"a": [1, True]}
    assert values["y",] is None


def test_a_block_ends_where_it_ends() -> None:
    files = Commit("0" * 40, {"a.yaml": "q: |\n  one\n  two\nother: two\n"})
    (found, _) = fields(files, "a.yaml", "two")
    assert str(found.place_of(files, "two")) == "a.yaml:3"
    assert str(found.place_of(files, "none")) == "a.yaml:1"


def test_what_does_not_parse_has_no_fields() -> None:
    files = Commit("0" * 40, {"a.yaml": "{{ x }}: [", "b.json": "{"})
    assert list(all_fields(files, "x")) == []

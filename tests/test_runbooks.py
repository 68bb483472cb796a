"""Every runbook has its four parts, commands that exist, and no secret in it; and a wheel has them all."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from aiops import runbooks
from aiops.errors import WrongUse
from aiops.operations.runbook import runbook
from tests import words

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "runbooks").iterdir())
PARTS = ["Symptom", "Cause", "Cure", "Confirm"]
SECRET = re.compile(
    r"""-----BEGIN [A-Z ]*PRIVATE[ ]KEY
    |(?<!\w)(sk-|ghp_|github_pat_|glpat-|hf_(?!HUB_)|xox[abp]-|AKIA|AIza|eyJ)[\w-]{8,}  # OpenAI, GitHub, ..., a JWT
    |(password|passwd|token|secret|api[_-]?key)["']?[ ]*[:=][ ]*["']?(?![$<{])[\w+/.-]{8,}
    |\bBearer[ ]+(?![$<{])[\w.-]{8,}
    |://[^/\s:@]+:[^/\s@]+@
    |(?<![\w/])(?=[A-Za-z+/]*\d)[A-Za-z0-9+/]{32,}={0,2}(?![\w/])            # 24 bytes in Base64, or a hash
    """,
    re.VERBOSE | re.IGNORECASE,
)
GOOD = """# A title

## Symptom

It hurts.

## Cause

A stone.

## Cure

```sh
# take it out
kubectl delete stone
aiops wait --profile serving  # and see
```

## Confirm

It hurts no more: `aiops sync APP`.
"""


def outside_of_code(text: str) -> Iterator[str]:
    """The lines that are no code block's."""
    code = False
    for line in text.splitlines():
        if line.startswith("```"):
            code = not code
        elif not code and not line.startswith("    "):
            yield line


def commands(text: str) -> Iterator[str]:
    """Every command line of aiops: those in code blocks, and in the text between backquotes."""
    plain = set(outside_of_code(text))
    joined = text.replace("\\\n", " ")
    yield from (line.strip() for line in joined.splitlines() if line.strip().startswith("aiops ") and line not in plain)
    yield from (" ".join(found.split()) for found in re.findall(r"`(aiops\s[^`]+)`", text))


def wrong(text: str) -> list[str]:
    """What keeps a text from being a runbook."""
    lines = text.splitlines()
    headings = [line for line in outside_of_code(text) if line.startswith("#")]
    _, *bodies = re.split(r"^## .*$", text, flags=re.MULTILINE)
    found = [f"it is `{secret[0]}`, a secret" for secret in SECRET.finditer(text)]
    if not re.fullmatch(r"# \S.*", lines[0]) or headings != [lines[0], *(f"## {part}" for part in PARTS)]:
        found.append(f"its headings are {headings}")
    found += [f"`## {part}` is empty" for part, body in zip(PARTS, bodies, strict=False) if not body.strip()]
    found += [f"`{line!r}` is not plain" for line in lines if not line.isprintable() or line != line.rstrip()]
    if not text.endswith("\n") or text.endswith("\n\n"):
        found.append("its last line does not end in one line end")
    if sum(line.startswith("```") for line in lines) % 2:
        found.append("a code block does not end")
    return found


def parse(command: str) -> None:
    """A usage error where aiops does not know the command or an option."""
    line = shlex.split(command, comments=True)[1:]
    end = next((number for number, word in enumerate(line) if word in ("|", "&&", "||", ";", ">")), len(line))
    words.parse(line[:end])


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_each_is_a_runbook(file: Path) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*\.md", file.name)
    assert wrong(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_command_in_it_parses(file: Path) -> None:
    for command in commands(file.read_text(encoding="utf-8")):
        parse(command)


def test_a_good_one_is_good() -> None:
    assert wrong(GOOD) == []
    assert list(commands(GOOD)) == ["aiops wait --profile serving  # and see", "aiops sync APP"]


@pytest.mark.parametrize(
    ("part", "by", "because"),
    [
        ("# A title\n\n", "", "its headings are"),
        ("# A title\n", "\n# A title\n", "its headings are"),
        ("# A title\n", "# \n", "its headings are"),
        ("## Cause\n", "## Causes\n", "its headings are"),
        ("## Cure\n", "", "its headings are"),
        ("A stone.\n", "A stone.\n\n## More\n", "its headings are"),
        ("A stone.\n", "A stone.\n\n### More\n", "its headings are"),
        ("A stone.\n", "", "`## Cause` is empty"),
        ("It hurts.\n", "It hurts. \n", "is not plain"),
        ("It hurts.\n", "It\thurts.\n", "is not plain"),
        ("`.\n", "`.\n\n", "its last line"),
        ("`.\n", "`.", "its last line"),
        ("see\n```\n", "see\n", "a code block does not end"),
        ("A stone.", "password: hunter2hunter2", "a secret"),
        ("A stone.", '"api-key": "hunter2hunter2"', "a secret"),
        ("A stone.", "sk-abcdefgh12345678", "a secret"),
        ("A stone.", "hf_abcdefgh12345678", "a secret"),
        ("A stone.", "Authorization: Bearer abcdefgh12345678", "a secret"),
        ("A stone.", "https://admin:hunter2@example.com", "a secret"),
        ("A stone.", "-----BEGIN RSA PRIVATE KEY-----", "a secret"),
        ("A stone.", "dGhpcyBpcyBhIHNlY3JldCBvZiBtaW5lIDEyMw==", "a secret"),
    ],
)
def test_a_bad_one_is_told(part: str, by: str, because: str) -> None:
    assert GOOD.count(part) == 1
    assert because in "; ".join(wrong(GOOD.replace(part, by)))


@pytest.mark.parametrize(
    "words",
    [
        "kubectl -n serving get secret vllm-api-key -o jsonpath='{.data.api-key}'",
        "token: $TOKEN",
        "--from-literal=api-key=<the key>",
        'curl -H "Authorization: Bearer $KEY"',
        "storageclass.kubernetes.io/is-default-class",
        "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers2",
    ],
)
def test_a_name_or_a_place_of_a_secret_is_none(words: str) -> None:
    assert wrong(GOOD.replace("A stone.", words)) == []


@pytest.mark.parametrize("command", ["aiops dance", "aiops wait --loud", "aiops sync", "aiops wait --profile"])
def test_a_command_that_is_none_does_not_parse(command: str) -> None:
    with pytest.raises((KeyError, click.UsageError)):
        parse(command)


@pytest.mark.parametrize(
    "command", ["aiops wait -o json | jq .summary", "aiops wait && echo done", "aiops wait > file"]
)
def test_what_the_shell_does_with_it_is_not_its_own(command: str) -> None:
    parse(command)


def test_all_are_found_and_read() -> None:
    assert list(runbooks.slugs()) == [file.stem for file in FILES]
    assert "default-storage-class" in runbooks.slugs()
    for file in FILES:
        found = runbooks.read(file.stem)
        assert (found.slug, found.text) == (file.stem, file.read_text(encoding="utf-8"))
        assert f"# {found.title}\n" == found.text[: len(found.title) + 3]


@pytest.mark.parametrize("slug", ["../README", "README", "", "default-storage-class.md", "*"])
def test_what_is_none_is_wrong_use(slug: str) -> None:
    with pytest.raises(WrongUse, match=f"^no runbook `{re.escape(slug)}`"):
        runbooks.read(slug)


def test_the_one_that_may_be_meant_is_named() -> None:
    with pytest.raises(WrongUse, match="did you mean `default-storage-class`"):
        runbooks.read("default-storage-clas")


def test_all_are_listed_with_their_titles() -> None:
    listed = runbook()
    assert [slug for slug, _ in getattr(listed, "runbooks", ())] == [file.stem for file in FILES]
    assert listed.summary.startswith(f"{len(FILES)} runbook")


def test_an_installed_aiops_has_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pyproject.toml says a wheel has is where an installed one looks."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"]["runbooks"] == f"aiops/{runbooks.PACKAGED}"
    (tmp_path / "aiops" / runbooks.PACKAGED).mkdir(parents=True)
    for name in ("stone", "b", "d", "a", "c"):
        (tmp_path / "aiops" / runbooks.PACKAGED / f"{name}.md").write_text(GOOD)
    monkeypatch.setattr(runbooks, "_HERE", tmp_path / "aiops")
    assert runbooks.slugs() == ("a", "b", "c", "d", "stone")
    assert runbooks.read("stone").title == "A title"

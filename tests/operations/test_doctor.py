"""`doctor`: which checks are meant, what its end means, and the look as a file."""

import re
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from aiops.checks import ALL
from aiops.checks.check import Check
from aiops.errors import WrongUse
from aiops.judge.finding import Finding, Status
from aiops.operations import doctor as operation
from aiops.operations.doctor import Choice, diagnose, doctor, listed
from aiops.operations.look_file import load_look
from aiops.progress.events import Report
from aiops.session import Session
from aiops.snapshot.look import Look
from tests.checks.cases import healthy


def check(slug: str, status: Status, fix: str = "mend it") -> Check:
    finding = Finding(status=status, symptom=f"{slug} is so", cause="a cause", fix=fix)
    return Check(slug=slug, group="cluster", title=slug, reads=(), judge=lambda _: [finding])


def chosen(*only: str, skip: Sequence[str] = ()) -> list[str]:
    return [each.slug for each in Choice(only=only, skip=tuple(skip)).checks()]


@pytest.mark.parametrize(
    ("statuses", "strict", "code"),
    [
        (["ok", "skip"], False, 0),
        (["ok", "warn"], False, 0),
        (["ok", "warn"], True, 3),
        (["unknown", "warn"], False, 5),
        (["unknown", "warn"], True, 3),
        (["unknown", "fail"], False, 3),
        (["skip"], True, 0),
    ],
)
def test_what_its_end_means(statuses: list[Status], strict: bool, code: int) -> None:
    checks = [check(f"check-{number}", status) for number, status in enumerate(statuses)]
    result = diagnose(healthy(), checks, strict=strict)
    assert (result.exit_code, result.warnings) == (code, statuses.count("warn"))


def test_the_root_cause_is_named_with_its_cure() -> None:
    checks = [
        check("fine", "ok"),
        check("broken", "fail", "kubectl mend"),
        check("worse", "fail"),
        check("odd", "warn"),
    ]
    result = diagnose(healthy(), checks)
    assert result.summary == "2 of 4 checks failed: broken, worse"
    assert result.hint == "kubectl mend\naiops runbook broken"


def test_what_warns_is_named_where_nothing_fails() -> None:
    result = diagnose(healthy(), [check("fine", "ok"), check("odd", "warn"), check("late", "warn")])
    assert result.summary == "1 of 3 checks pass, warned: odd, late"


def test_a_healthy_platform() -> None:
    result = diagnose(healthy(), ALL)
    assert (result.exit_code, result.hint) == (0, "")
    summary = re.fullmatch(r"(\d+) of (\d+) checks pass, (\d+) have nothing to judge", result.summary)
    assert summary, result.summary
    passed, every, skipped = map(int, summary.groups())
    assert (passed + skipped, every) == (len(ALL), len(ALL))
    assert skipped == sum(each.status == "skip" for each in result.checks)
    assert (result.profile, result.layers[:2]) == ("full", ("platform", "serving"))
    assert [each.slug for each in result.checks] == [each.slug for each in ALL]


def test_everything_is_meant_where_nothing_is_said() -> None:
    assert chosen() == [each.slug for each in ALL]


def test_by_slug_by_group_by_pattern_in_the_order_of_the_registry() -> None:
    storage = [each.slug for each in ALL if each.group == "storage"]
    assert chosen("storage", "config-valid") == ["config-valid", *storage]
    assert chosen("gpu-n*") == ["gpu-nodes-usable", "gpu-nodes-idle"]
    assert chosen("config", skip=["groups-*"]) == ["config-valid", "generated-files-match"]


@pytest.mark.parametrize(
    ("only", "skip", "words"),
    [
        (("gpu-stak",), (), "no check or group is called `gpu-stak`; did you mean `gpu-stack`?"),
        ((), ("storag",), "did you mean `storage`?"),
        (("gpu-n*",), ("gpu",), "--only and --skip leave no check"),
    ],
)
def test_words_that_mean_nothing(only: tuple[str, ...], skip: tuple[str, ...], words: str) -> None:
    with pytest.raises(WrongUse) as refused:
        Choice(only=only, skip=skip).checks()
    assert words in refused.value.message


def test_the_list_names_them_all() -> None:
    assert [slug for _, slug, _, _ in listed().checks] == [each.slug for each in ALL]


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, frozenset[str]]]:
    """The looks that were taken: (profile, what was read)."""
    taken: list[tuple[str | None, frozenset[str]]] = []

    def look(_: Session, profile: str | None, names: frozenset[str], report: Report) -> Look:
        taken.append((profile, names))
        return healthy()

    monkeypatch.setattr(operation, "take_look", look)
    return taken


def test_only_what_the_checks_need_is_read(session: Session, looked: list[tuple[str | None, frozenset[str]]]) -> None:
    doctor(session, "full", Choice(only=("volume-single-writer", "nodes-ready")), strict=False, save=None, saved=None)
    assert looked == [("full", frozenset({"declared", "events", "nodes", "pods"}))]


@pytest.mark.usefixtures("looked")
def test_a_saved_look_is_the_owners_alone_and_judges_the_same(session: Session, tmp_path: Path) -> None:
    file = tmp_path / "look.json"
    file.write_text("of before")
    file.chmod(0o644)
    first = doctor(session, None, Choice(), strict=False, save=file, saved=None)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load_look(file) == healthy()
    assert doctor(session, None, Choice(), strict=False, save=None, saved=file) == first
    assert list(tmp_path.glob("tmp*")) == []


@pytest.mark.usefixtures("looked")
def test_a_look_that_cannot_be_saved(session: Session, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="cannot be written: No such file"):
        doctor(session, None, Choice(), strict=False, save=tmp_path / "none" / "look.json", saved=None)


@pytest.mark.parametrize(
    ("text", "words"), [("{}", "was not written by"), ("", "it is not JSON"), (None, "No such file")]
)
def test_a_file_that_is_no_look(session: Session, tmp_path: Path, text: str | None, words: str) -> None:
    file = tmp_path / "look.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(WrongUse) as refused:
        doctor(session, None, Choice(), strict=False, save=None, saved=file)
    assert words in refused.value.message


def test_what_costs_money_is_noted(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    node = {
        "metadata": {
            "name": "gpu-1",
            "creationTimestamp": healthy().taken,
            "labels": {"nvidia.com/gpu.present": "true"},
        },
        "status": {},
    }
    look = healthy()
    dear = Look(**{**vars(look), "reads": {**look.reads, "nodes": [*look.reads["nodes"], node]}})
    monkeypatch.setattr(operation, "take_look", lambda *_, **__: dear)
    doctor(session, None, Choice(), strict=False, save=None, saved=None)
    assert list(session.paying) == ["gpu-1"]

"""What doctor found, for people: every check on a line, and beneath what is wrong its cause, evidence and cure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from aiops.progress.events import when
from aiops.progress.results import Checked, CheckListed, Diagnosed, Found, Linted, Status
from aiops.render.glyphs import BAD, BY_HAND, GOOD, HUSHED, INFO, LATER, UNSURE, WARNING, Glyph
from aiops.render.line import Line, cure

SIGNS: dict[Status, Glyph] = {
    "ok": GOOD, "warn": WARNING, "fail": BAD, "skip": BY_HAND, "unknown": UNSURE, "suppressed": HUSHED,
}  # fmt: skip
REMARKABLE = ("fail", "unknown", "warn")
OFF = ", whose group is off"
"""How lint ends the owner of what is switched off; among other names it stands in brackets."""
MOST = 3
"""So many findings that are alike are named."""
TOLD = (*REMARKABLE, "suppressed")
"""What is shown whatever else a check has found."""


def diagnosis(result: Diagnosed) -> Iterator[Line]:
    """All of it but the ending."""
    profile = f"profile {result.profile}" if result.profile else "the layers that are live"
    layers = f": {', '.join(result.layers)}" if result.layers else ""
    yield Line(f"{result.origin.context}, {profile}{layers}; looked at {when(result.taken)}", INFO)
    width = max((len(check.slug) for check in result.checks), default=0)
    for group in dict.fromkeys(check.group for check in result.checks):
        yield Line()
        yield Line(group, style="bold")
        inside = [check for check in result.checks if check.group == group]
        for check in inside:
            if not check.because:
                yield from checked(check, width)
        for cause in dict.fromkeys(check.because for check in inside if check.because):
            names = ", ".join(check.slug for check in inside if check.because == cause)
            yield Line(f"skipped, because {cause} did not pass: {names}", LATER)


def shortened(result: Diagnosed) -> Diagnosed:
    """Without the checks of which nothing is to be said."""
    told = (each for each in result.checks if each.because or any(found.status in TOLD for found in each.findings))
    return replace(result, checks=tuple(told))


def linted(result: Linted) -> Iterator[Line]:
    """All of it but the ending: what is not right, each check once, with the places where it is written."""
    groups = f"profile {result.profile}" if result.profile else "all groups, those that are off too"
    where = "this folder" if result.tree == "." else result.tree
    yield Line(f"{where}: {result.applications} applications of {groups}", INFO)
    for why in dict.fromkeys(why for _, why in result.unrendered):
        names = ", ".join(name for name, each in result.unrendered if each == why)
        yield Line(f"not rendered: {names}: {why}", LATER)
    for check in result.checks:
        found = [each for each in check.findings if each.status in TOLD]
        if found:
            yield Line()
            yield Line(f"{check.slug} wants: {check.title}", style="bold")
        for alike in _alike(found):
            for each in alike:
                where = f"{_place(each)}  " if each.file else ""
                yield Line(f"{where}{each.symptom}", SIGNS[each.status], hang=2)
                yield from _seen(each)
            yield from _beneath(alike)


def check_list(result: CheckListed) -> Iterator[Line]:
    """Every check, by group."""
    width = max(len(slug) for _, slug, _, _ in result.checks)
    for group in dict.fromkeys(group for group, *_ in result.checks):
        yield Line(group, style="bold")
        for _, slug, title, needs in (row for row in result.checks if row[0] == group):
            yield Line(f"{slug:<{width}}  {title}{f'  (needs {needs})' if needs else ''}", INFO)


def checked(check: Checked, width: int) -> Iterator[Line]:
    """One check on a line, and beneath it what is to be said of what is not ok."""
    shown = [each for each in check.findings if each.status in TOLD] or check.findings[:1]
    name = check.slug
    for alike in _alike(shown):
        for found in alike[:MOST] if len(alike) > MOST + 1 else alike:
            place = f" ({_place(found)})" if found.file else ""
            yield Line(f"{name:<{width}}  {found.symptom}{place}", SIGNS[found.status], hang=width + 2)
            name = ""
            if found.status in TOLD:
                yield from _seen(found)
        if len(alike) > MOST + 1:
            yield Line(f"{'':<{width}}  and {len(alike) - MOST} more: `-o json` has them", SIGNS[alike[0].status])
        if alike[0].status in TOLD:
            yield from _beneath(alike)
    if check.status in ("fail", "warn"):
        yield cure(f"aiops runbook {check.slug}", indent=4)


def _place(found: Found) -> str:
    return f"{found.file}:{found.line}" if found.line else found.file


def _alike(found: Sequence[Found]) -> Iterator[Sequence[Found]]:
    """Findings that follow each other and have one cause and one cure: both are told once."""
    for _, alike in groupby(found, key=lambda each: (each.status, each.cause, each.fix)):
        yield tuple(alike)


def _seen(found: Found) -> Iterator[Line]:
    for seen in found.evidence:
        at = f" ({seen.at})" if seen.at else ""
        yield Line(f"{seen.source}: {seen.text}{at}", indent=4)


def _beneath(alike: Sequence[Found]) -> Iterator[Line]:
    """What is to be said of findings that are alike."""
    if alike[0].cause:
        yield Line(alike[0].cause, indent=4)
    if owners := dict.fromkeys(found.owner for found in alike if found.owner):
        names = ", ".join(owner.removeprefix("application ").replace(OFF, " (its group is off)") for owner in owners)
        yield Line(f"of applications {names}" if len(owners) > 1 else f"of {next(iter(owners))}", indent=4)
    if alike[0].fix:
        yield cure(alike[0].fix, indent=4)

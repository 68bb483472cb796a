"""What git asks of some layers at one commit, as plain data that a look can keep."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from aiops.judge.delivery import Brought, GroupKind
from aiops.judge.expectation import Expected
from aiops.judge.profile import Judged, judge_profile
from aiops.snapshot import Details, Json, Snapshot, Unread, moment, ref_of
from aiops.snapshot.look import Look

BENEATH = ("deployments", "nodes", "pods", "services")
"""Lists that tell why an application is not well; where one is unread, its cause is told without it."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What should stand."""

    layers: tuple[str, ...]
    """In apply order."""
    repository: str
    """Its URL, without a login."""
    branch: str
    commit: str
    committed: str
    """When, RFC 3339."""
    sets: Mapping[str, str]
    """Layer: name of its ApplicationSet."""
    projects: tuple[str, ...]
    """Names of the AppProjects."""
    expected: tuple[Expected, ...]

    def data(self) -> Json:
        """As JSON has it."""
        return asdict(self)

    @property
    def committed_at(self) -> datetime | None:
        """When; None where it is not known."""
        return moment(self.committed)

    def groups_of(self, layer: str) -> tuple[Expected, ...]:
        """The group applications of a layer."""
        return tuple(each for each in self.expected if each.layer == layer and each.kind == "group")


def plan_of(look: Look) -> Plan:
    """The plan that a look holds; NotRead where git could not be read."""
    data = look.value("plan")
    texts = {name: data[name] for name in ("repository", "branch", "commit", "committed")}
    return Plan(
        layers=tuple(data["layers"]),
        sets=data["sets"],
        projects=tuple(data["projects"]),
        expected=tuple(map(_expected, data["expected"])),
        **texts,
    )


def applications_of(look: Look) -> dict[str, Json]:
    """The Applications that a look holds, by name."""
    return look.named("applications")


def tracked(look: Look, plan: Plan, kind: str) -> dict[tuple[str, str], str]:
    """Objects of a kind that the plan's applications deploy: (namespace, name) -> application."""
    applications = applications_of(look)
    return {
        (each.get("namespace", ""), each["name"]): expected.name
        for expected in plan.expected
        for each in applications.get(expected.name, {}).get("status", {}).get("resources") or ()
        if each["kind"] == kind
    }


def judged(look: Look) -> tuple[Judged, ...]:
    """How each application of the plan stands: the judgement of `wait`, on one look that asked nobody to look again."""
    details, brings = details_of(look), look.value("brings")
    snapshot = Snapshot(
        taken=look.at,
        applications=applications_of(look),
        applicationsets={},
        known_kinds=known_kinds(look),
        details=details,
    )
    pairs: Mapping[GroupKind, Json] = {(each["group"], each["kind"]): each for each in brings}
    brought = Brought(
        {kind: each["within"] for kind, each in pairs.items()}, {kind: each["beyond"] for kind, each in pairs.items()}
    )
    return judge_profile(snapshot, plan_of(look).expected, brought, None, {})


def known_kinds(look: Look) -> frozenset[GroupKind]:
    """What discovery knows."""
    return frozenset((group, kind) for group, kind in look.value("kinds"))


def details_of(look: Look) -> Details:
    """What lies beneath the applications that are not well: what was read for them, and the lists of `BENEATH`."""
    data = look.value("details")
    there = [name for name in BENEATH if name in look.reads]
    bodies = (*data["objects"], *(body for name in there for body in look.items(name)))
    hidden = (look.unread[name] for name in BENEATH if name in look.unread)
    return Details(
        objects={ref_of(body): body for body in bodies},
        events=tuple(data["events"]),
        unread=(*(Unread(**each) for each in data["unread"]), *hidden),
    )


def details_data(details: Details, keep: Iterable[Json], events: Iterable[Json]) -> Json:
    """The same as JSON, with these objects and events for its own."""
    return {"objects": list(keep), "events": list(events), "unread": [asdict(each) for each in details.unread]}


def _expected(data: Json) -> Expected:
    found = Expected(**data)
    heads = {int(index): (str(name), str(commit)) for index, (name, commit) in data["heads"].items()}
    return replace(found, heads=heads)

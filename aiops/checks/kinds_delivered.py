"""Does something that is switched on bring every kind that an application uses?"""

from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.bringing import Bringer, Bringing, GroupKind, needs
from aiops.gitops.declared import Declared, Manifest
from aiops.judge.delivery import words
from aiops.judge.finding import Finding

_CAUSE = "the API server refuses an object of a kind that nothing has defined"


def _lint(declared: Declared) -> Iterator[Finding]:
    bringing, used = Bringing(declared), _used(declared)
    found, unknown = [], []
    for (app, kind), manifest in used.items():
        bringers = bringing.of(kind)
        if bringing.by_hand(kind) or any(each.on and each.inside for each in bringers):
            continue
        if bringers:
            found.append(_finding(declared, manifest, kind, bringers[0], unsure=bool(bringing.hidden)))
        elif bringing.hidden:
            unknown.append(f"{words((kind,))} of {app}")
        else:
            found.append(_nobody(declared, manifest, kind))
    yield from found
    if not used:
        yield skip("no application uses a kind that is not one of Kubernetes")
    elif unknown and not found:
        yield skip(f"a chart that is not rendered may bring {', '.join(unknown[:3])}: that is not known here")
    elif not found:
        yield ok(f"{len({kind for _, kind in used})} kinds are used, and something that is on brings each of them")


def _used(declared: Declared) -> dict[tuple[str, GroupKind], Manifest]:
    """(application whose group is on, kind) -> the first of its objects that is of it."""
    found: dict[tuple[str, GroupKind], Manifest] = {}
    for each in declared.manifests:
        if each.application and each.application not in declared.off and (kind := needs(each)) is not None:
            found.setdefault((each.application, kind), each)
    return found


def _finding(declared: Declared, manifest: Manifest, kind: GroupKind, bringer: Bringer, *, unsure: bool) -> Finding:
    """Something does bring it, and that is not there."""
    app, brings = bringer.application, "seems to bring" if bringer.named else "brings"
    who = f"{manifest.application} needs {words((kind,))}, which application {app.name} {brings}"
    if bringer.on:
        symptom, fix = f"{who}, of layer {app.layer} that is not meant here", f"add layer {app.layer} to the profile"
    else:
        symptom = f"{who}, and its group {app.group} is off"
        fix = f"set group {app.group} on in the config, or take {manifest.kind} {manifest.name} out"
    return Finding(
        status="warn" if bringer.on or bringer.named or unsure else "fail",
        symptom=symptom,
        cause=_CAUSE + (", unless a chart that is not rendered here defines it" if unsure else ""),
        fix=fix,
        **of(manifest),
        **at(declared.place(manifest, "kind")),
    )


def _nobody(declared: Declared, manifest: Manifest, kind: GroupKind) -> Finding:
    return Finding(
        status="warn",
        symptom=f"{manifest.application} needs {words((kind,))}, and nothing that is on brings it",
        cause=f"{_CAUSE}, unless somebody does so by hand, or an operator while it runs",
        fix=f"add an application that brings it, or take {manifest.kind} {manifest.name} out",
        **of(manifest),
        **at(declared.place(manifest, "kind")),
    )


CHECK = Check(
    slug="kinds-delivered",
    group="git",
    title="something that is on brings every kind that the tree uses",
    lint=_lint,
)

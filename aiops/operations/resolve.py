"""`resolve`: the config's features as the groups file that the ApplicationSets read."""

from aiops.clients.kube import APPLICATION
from aiops.errors import AiopsError, Refused, TreeError
from aiops.gitops.generated import diff, path, write
from aiops.gitops.groups import GroupEntry, parse, pruned, render
from aiops.gitops.groups import resolve as resolve_groups
from aiops.gitops.mismatches import mismatches
from aiops.gitops.notes import notes
from aiops.judge.pruning import children, losses
from aiops.operations.target import live_repositories
from aiops.progress.events import Said
from aiops.progress.results import Prune, Resolved
from aiops.session import Session
from aiops.snapshot import Json


def fresh_groups(session: Session) -> str:
    """The groups file as the config asks for it."""
    return render(resolve_groups(session.config))


def refuse_mismatches(session: Session) -> None:
    """Refused where another generated file says something else than the config."""
    found = mismatches(session.config, session.files)
    if found:
        lines = (
            f"  {each.file}: {each.key} needs {each.expected}, found {each.found}\n    see: {each.how}"
            for each in found
        )
        raise Refused(
            "\n".join(("other generated files do not match the config:", *lines)),
            "render them with the platform's own `render-config`, or take the change of the config back",
        )


def resolve(session: Session, *, check: bool, prune: bool) -> Resolved:
    """Compare the groups file with a fresh one, and write it unless `check`.

    What Argo CD would prune is named first, and needs `prune` or a yes; Refused without.
    """
    refuse_mismatches(session)
    entries = resolve_groups(session.config)
    file, text = path(session.config), render(entries)
    name = str(file.relative_to(session.config.tree))
    old = session.files.read(name) or ""
    remarks = notes(session.config)
    warnings = sum(level == "warn" for level, _ in remarks)
    if old == text:
        return Resolved(
            summary=f"{name} is what the config asks for",
            file=name, changed=False, written=False, notes=remarks, warnings=warnings,
        )  # fmt: skip
    changes = diff(old, text)
    prunes = _prunes(session, entries, old, name)
    if not check:
        _confirm(session, prunes, changes, prune)
        write(file, text)
    return Resolved(
        summary=f"{name} {'differs from what the config asks for' if check else 'written'}",
        hint="`aiops resolve` writes it" if check else "commit and push it, then `aiops root`",
        exit_code=3 if check else 0,
        warnings=warnings,
        file=name,
        changed=True,
        written=not check,
        diff=changes,
        notes=remarks,
        prunes=prunes,
    )


def _confirm(session: Session, prunes: tuple[Prune, ...], changes: str, prune: bool) -> None:
    if not prunes or prune:
        return
    names = ", ".join(each.group for each in prunes)
    if session.ask is not None:
        session.report(Said(text=changes.rstrip()))
        for each in prunes:
            session.report(Said(text=_losses(each), level="warn"))
        if session.ask(f"Once this is pushed, Argo CD deletes {names} with all of that. Write it?"):
            return
    lines = "\n".join(f"  {_losses(each)}" for each in prunes)
    raise Refused(
        f"once pushed, this would make Argo CD delete {names}:\n{lines}",
        "run it again with --prune if that is what you want; nothing was written",
    )


def _losses(prune: Prune) -> str:
    applications = ", ".join(prune.applications) or "no application"
    holds = f", which hold {', '.join(prune.holds)}" if prune.holds else ""
    return f"{prune.group}: {applications}{holds}"


def _prunes(session: Session, entries: tuple[GroupEntry, ...], old: str, name: str) -> tuple[Prune, ...]:
    """What goes: by the cluster where one is in reach, which may run more or less than the old file says."""
    try:
        before = parse(old, name)
    except TreeError:
        before = ()  # no file yet, or a broken one: only the cluster can tell
    try:
        live = _live(session)
    except AiopsError as error:
        words = f"could not look at the cluster for what this would prune ({error.message})"
        session.report(Said(text=words, level="warn"))
        if gone := [group for groups in pruned(before, entries).values() for group in groups]:
            session.report(Said(text=f"groups that go from the file: {', '.join(gone)}", level="warn"))
        return ()
    kept = {entry.catalog_path for entry in entries if entry.enabled}
    known = {entry.catalog_path: entry.name for entry in (*before, *entries)}
    return tuple(
        Prune(group=known[folder], applications=children(body), holds=_holds(children(body), live))
        for body in live.values()
        if (folder := _own_path(session, body)) in known and folder not in kept
    )


def _own_path(session: Session, application: Json) -> str:
    """The folder of the platform's repository that an application reads; of a group application, its catalog."""
    source = application["spec"].get("source") or {}
    return str(source.get("path", "")) if session.own(source.get("repoURL", "")) else ""


def _live(session: Session) -> dict[str, Json]:
    """The cluster's Applications by name; only of a cluster that is named or runs this platform."""
    if session.context is None and not any(map(session.own, live_repositories(session))):
        raise Refused(f"context {session.kube.context} does not run this platform")
    return {body["metadata"]["name"]: body for body in session.kube.list(APPLICATION, session.namespace).items}


def _holds(names: tuple[str, ...], live: dict[str, Json]) -> tuple[str, ...]:
    """The workloads and the data of these applications by name."""
    return tuple(f"{each['kind']} {each.get('namespace', '')}/{each['name']}" for each in losses(names, live))

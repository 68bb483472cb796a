"""`root`: the AppProject and a profile's ApplicationSets onto the cluster, and proof of what they made."""

from queue import SimpleQueue

from aiops.clients.kube import APPLICATION, APPLICATIONSET, APPPROJECT, Kind
from aiops.errors import NotFound, Refused
from aiops.judge.applicationset import judge_applicationset
from aiops.operations.apply import Planned, carry_out, plan
from aiops.operations.outcome import set_row
from aiops.operations.picture import Picture
from aiops.operations.refresh import Refresher
from aiops.operations.resolve import fresh_groups, refuse_mismatches
from aiops.operations.revision import Revision, read_revision
from aiops.operations.since import Since
from aiops.operations.target import check_target, no_argocd
from aiops.operations.waiting import Inbox, Message, Moment, until
from aiops.progress import events
from aiops.progress.events import Change, Looked, Rooted, Row, Said
from aiops.session import Session
from aiops.snapshot import Json


def root(
    session: Session, profile: str, *, limit_s: float, dry_run: bool = False, force_conflicts: bool = False
) -> Rooted:
    """Plan, show, apply, prove. With `dry_run` it ends after showing.

    Refused before anything is written where git or the cluster is not ready for it.
    """
    layers = session.layers(profile)
    revision = _ready(session, layers)
    session.report(Said(text=check_target(session)))
    plans = _plan(session, layers)
    session.report(_planned(profile, layers, plans, revision))
    _say_narrower(session, layers)
    changes = tuple(each.change for each in plans)
    if dry_run:
        changing = sum(change.action != "unchanged" for change in changes)
        return Rooted(
            summary=f"dry run: {changing} of {len(changes)} objects would change, nothing was written",
            profile=profile, changes=changes,
        )  # fmt: skip
    if any(change.action != "unchanged" for change in changes):
        changes = carry_out(session.kube, plans, force=force_conflicts, report=session.report)
    failed = next((change for change in changes if change.action == "failed"), None)
    if failed is not None:
        return _failed(profile, changes, failed)
    return Proof(session, profile, layers, revision, changes).run(limit_s)


def _ready(session: Session, layers: tuple[str, ...]) -> Revision:
    """Refuse what Argo CD would not see as the operator sees it; the commit that it will see."""
    layer = session.tree.layers_of(layers)[0]
    written = session.files.read(layer.groups_file)
    if written != fresh_groups(session):
        raise Refused(
            f"{layer.groups_file} is not what the config asks for",
            "run `aiops resolve`, commit and push",
        )
    refuse_mismatches(session)
    sets = [each.file for each in session.tree.layers_of(layers)]
    if dirty := session.git.status([layer.groups_file, *sets]):
        raise Refused(f"not committed: {', '.join(dirty)}", "commit and push, then run it again")
    for each in session.tree.layers_of(layers):
        if not session.own(each.repo_url):
            raise Refused(
                f"{each.file} reads {each.repo_url}, but the config's repoURL is {session.repository}",
                "make them agree",
            )
    revision = read_revision(session, layers)
    for path in (layer.groups_file, *sets):
        if revision.delivery.files.read(path) != session.files.read(path):
            raise Refused(
                f"{revision.branch} of {session.repository} ({revision.commit[:8]}) holds another {path} "
                "than this checkout",
                f"push what you have to {revision.branch}, or check that branch out",
            )
    return revision


def _plan(session: Session, layers: tuple[str, ...]) -> tuple[Planned, ...]:
    manifests: list[tuple[Kind, Json]] = [(APPPROJECT, dict(body)) for body in session.tree.projects]
    manifests += [(APPLICATIONSET, dict(layer.manifest)) for layer in session.tree.layers_of(layers)]
    kinds = session.kube.kinds()
    for kind in (APPLICATION, APPLICATIONSET, APPPROJECT):
        if kinds.find(kind.group, kind.kind) is None:
            raise no_argocd(session)
    try:
        return plan(session.kube, manifests, session.namespace)
    except NotFound as error:
        raise Refused(
            f"namespace {session.namespace} is not there: {error.message}", no_argocd(session).hint
        ) from error


def _planned(profile: str, layers: tuple[str, ...], plans: tuple[Planned, ...], revision: Revision) -> events.Planned:
    groups = tuple(each.name for each in revision.expected if each.kind == "group")
    return events.Planned(profile=profile, layers=layers, changes=tuple(each.change for each in plans), groups=groups)


def _say_narrower(session: Session, layers: tuple[str, ...]) -> None:
    """A narrower profile than what is live removes nothing: say what stays."""
    beyond = {
        layer.manifest["metadata"]["name"]: layer.name for layer in session.tree.layers if layer.name not in layers
    }
    live = {body["metadata"]["name"] for body in session.kube.list(APPLICATIONSET, session.namespace).items}
    if stays := [f"{layer} ({name})" for name, layer in beyond.items() if name in live]:
        text = f"live beyond this profile, and left as they are: {', '.join(stays)}"
        session.report(Said(text=text))


def _failed(profile: str, changes: tuple[Change, ...], failed: Change) -> Rooted:
    applied = [change.name for change in changes if change.action in ("created", "changed", "unchanged")]
    left = [change.name for change in changes if change.action == "not applied"]
    return Rooted(
        summary=f"{failed.kind} {failed.name} could not be applied: {failed.detail}; "
        f"applied: {', '.join(applied) or 'nothing'}; not applied: {', '.join([failed.name, *left])}",
        hint=f"mend it, then run `aiops root --profile {profile}` again: what is applied stays as it is",
        exit_code=3,
        profile=profile,
        changes=changes,
    )


class Proof:
    """Waits until each ApplicationSet has read git anew and made exactly the file's group applications."""

    def __init__(
        self,
        session: Session,
        profile: str,
        layers: tuple[str, ...],
        revision: Revision,
        changes: tuple[Change, ...],
    ) -> None:
        self.session, self.profile, self.changes, self.revision = session, profile, changes, revision
        self.sets = {layer: self._name(layer) for layer in layers}
        self.inbox: Inbox = SimpleQueue()
        self.picture = Picture(session.kube, session.namespace, self.inbox)
        self.refresher = Refresher(session.kube, session.namespace, self.picture)
        self.since_when = Since()

    def run(self, limit_s: float) -> Rooted:
        """The result, within `limit_s` seconds."""
        try:
            return until(self.inbox, self._take, self._look, limit_s=limit_s)
        finally:
            self.picture.stop.set()

    def _name(self, layer: str) -> str:
        found = next(each for each in self.session.tree.layers if each.name == layer)
        return str(found.manifest["metadata"]["name"])

    def _take(self, message: Message) -> None:
        self.picture.take(message)

    def _look(self, moment: Moment) -> Rooted | None:
        if self.picture.connected:
            for name in self.sets.values():
                self.refresher.refresh_set(name, self.revision.commit)
        sets = self.sets.items() if self.picture.complete else ()
        rows = tuple(self.since_when.stamp(self._row(layer, name)) for layer, name in sets)
        looked = Looked(
            what="the ApplicationSets to make their group applications",
            rows=rows, elapsed_s=moment.elapsed_s, limit_s=moment.limit_s, trouble=self.picture.trouble(),
        )  # fmt: skip
        self.session.report(looked)
        return self._end(rows, moment, looked.trouble)

    def _row(self, layer: str, name: str) -> Row:
        verdict = judge_applicationset(
            self.picture.applicationsets.get(name),
            self.revision.expected_groups(layer),
            self.picture.applications,
            self.refresher.asked_s(name, self.revision.commit),
        )
        return set_row(name, layer, verdict)

    def _end(self, rows: tuple[Row, ...], moment: Moment, trouble: str) -> Rooted | None:
        groups = sum(each.kind == "group" for each in self.revision.expected)
        again = f"aiops root --profile {self.profile}"
        bad = [row for row in rows if row.state == "hopeless"]
        if bad:
            summary = "; ".join(f"{row.name}: {row.detail}" for row in bad)
            hint, code = f"mend it, then run `{again}` again", 3
        elif rows and all(row.state == "settled" for row in rows):
            summary = (
                f"{len(rows)} ApplicationSets read {self.revision.commit[:8]} and made {groups} group applications"
            )
            hint, code = f"`aiops wait --profile {self.profile}` waits until they stand", 0
        elif moment.over:
            missing = "; ".join(f"{row.name} {row.detail}" for row in rows if row.state != "settled")
            summary = f"after {moment.elapsed_s:.0f} s: {trouble or missing or 'nothing could be seen'}"
            hint, code = f"`{again}` looks again", 4
        else:
            return None
        return Rooted(
            summary=summary, hint=hint, exit_code=code,
            profile=self.profile, changes=self.changes, rows=rows, seconds=moment.elapsed_s,
        )  # fmt: skip

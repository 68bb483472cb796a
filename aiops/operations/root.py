"""`root`: the AppProject and a profile's ApplicationSets onto the cluster, and proof of what they made."""

from aiops.clients.kube import APPLICATION, APPLICATIONSET, APPPROJECT, Kind
from aiops.clients.wording import masked
from aiops.errors import NotFound, Refused
from aiops.operations.apply import Planned, carry_out, plan
from aiops.operations.proof import Proof
from aiops.operations.resolve import fresh_groups, refuse_mismatches
from aiops.operations.revision import Revision, read_revision
from aiops.operations.target import no_argocd, prove_target
from aiops.progress import events
from aiops.progress.events import Change, Said
from aiops.progress.results import Rooted
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
    prove_target(session)
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
    """The commit that Argo CD will see; Refused where it is not what the operator sees."""
    sets = session.tree.layers_of(layers)
    groups_file = sets[0].groups_file
    if others := [each.file for each in sets if each.groups_file != groups_file]:
        raise Refused(f"{', '.join(others)} read another groups file than {groups_file}", "let them read the same one")
    projects = session.files.under(f"clusters/{session.config.environment}/projects")
    paths = (groups_file, *projects, *(each.file for each in sets))
    if session.files.read(groups_file) != fresh_groups(session):
        raise Refused(f"{groups_file} is not what the config asks for", "run `aiops resolve`, commit and push")
    refuse_mismatches(session)
    if dirty := session.git.status(list(paths)):
        raise Refused(f"not committed: {', '.join(dirty)}", "commit and push, then run it again")
    for each in sets:
        if not session.own(each.repo_url):
            raise Refused(
                f"{each.file} reads {masked(each.repo_url)}, but the config's repoURL is {masked(session.repository)}",
                "make them agree",
            )
    revision = read_revision(session, layers)
    for path in paths:
        if revision.delivery.files.read(path) != session.files.read(path):
            raise Refused(
                f"{revision.branch} of {masked(session.repository)} ({revision.commit[:8]}) holds another {path} "
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

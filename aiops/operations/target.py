"""Is this the cluster the operator means? Decided before the first write."""

from aiops.clients.kube import APPLICATIONSET
from aiops.clients.wording import masked
from aiops.errors import NotFound, Refused, TargetError
from aiops.progress.events import Said
from aiops.session import Session
from aiops.snapshot import Json


def prove_target(session: Session) -> None:
    """Say why this is the right cluster, once in a run; TargetError where nothing proves it."""
    if not session.target:
        session.target = check_target(session)
        session.report(Said(text=session.target))


def check_target(session: Session) -> str:
    """Why this is the right cluster, in one sentence; TargetError where nothing proves it.

    The context that the config names is the operator's word. Without one, the ApplicationSets on the cluster must read
    the config's repository; a cluster without any is named by --context, or by a yes on the terminal.
    """
    where = f"context {session.kube.context} ({session.kube.server})"
    if session.config.aiops.context is not None:
        return f"{where}, named by {session.config.path}"
    repositories = live_repositories(session)
    if any(session.own(url) for url in repositories):
        return f"{where}, whose ApplicationSets read {masked(session.repository)}"
    if repositories:
        raise TargetError(
            f"{where} runs another platform: its ApplicationSets read {', '.join(map(masked, sorted(repositories)))}, "
            f"not {masked(session.repository)}",
            "choose the right cluster, or say as aiops.context in the config that it is this one",
        )
    if session.context_option is not None:
        return f"{where}, empty, named by --context"
    if session.ask is not None and session.ask(f"No platform is on {where} yet. Is it the cluster you mean?"):
        return f"{where}, confirmed on the terminal"
    raise TargetError(
        f"no platform is on {where} yet, so nothing tells that it is the cluster you mean",
        f"say so with --context {session.kube.context}, or as aiops.context in the config",
    )


def live_repositories(session: Session) -> set[str]:
    """Repositories that the ApplicationSets on the cluster read; Refused where there is no Argo CD."""
    try:
        sets = session.kube.list(APPLICATIONSET, session.namespace).items
    except NotFound as error:
        raise no_argocd(session) from error
    return {url for body in sets for url in _repositories(body)}


def no_argocd(session: Session) -> Refused:
    """The refusal of a cluster on which Argo CD is not installed."""
    return Refused(
        f"Argo CD is not installed on context {session.kube.context}: its CRDs are missing",
        f"install Argo CD into namespace {session.namespace} first",
    )


def _repositories(applicationset: Json) -> set[str]:
    generators = applicationset["spec"].get("generators") or ()
    return {git["repoURL"] for each in generators if (git := each.get("git")) and git.get("repoURL")}

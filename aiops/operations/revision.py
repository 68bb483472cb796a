"""What git says should stand: the heads of the branches that Argo CD reads, and the tree at that commit."""

from collections.abc import Mapping
from dataclasses import dataclass

from aiops.clients.wording import masked
from aiops.errors import Refused
from aiops.gitops.files import Commit
from aiops.gitops.tree import Tree, read_tree
from aiops.judge.delivery import Delivery
from aiops.judge.expectation import Expected, expected_applications
from aiops.session import Session


@dataclass(frozen=True)
class Revision:
    """The commit at the end of the branch that the layers' ApplicationSets read, and what it asks for."""

    branch: str
    commit: str
    heads: Mapping[str, str]
    """Every targetRevision of the platform's own repository: the commit at its end."""
    expected: tuple[Expected, ...]
    delivery: Delivery

    def expected_groups(self, layer: str) -> tuple[Expected, ...]:
        """The group applications that a layer's ApplicationSet should make."""
        return tuple(each for each in self.expected if each.kind == "group" and each.layer == layer)


def branch_of(tree: Tree, layers: tuple[str, ...]) -> str:
    """The one revision that the layers' ApplicationSets read; Refused where they differ."""
    branches = dict.fromkeys(layer.revision for layer in tree.layers_of(layers))
    if len(branches) != 1:
        raise Refused(
            f"the ApplicationSets of {', '.join(layers)} read different revisions: {', '.join(branches)}",
            "give their git generators one and the same `revision`",
        )
    return next(iter(branches))


def read_revision(session: Session, layers: tuple[str, ...], known: Revision | None = None) -> Revision:
    """Ask git for the heads, and read the tree at the commit anew where the head moved. Slow: a network read."""
    branch = branch_of(session.tree, layers)
    wanted = {branch, *(known.heads if known else ())}
    heads = session.git.heads(session.repository, wanted)
    if branch not in heads:
        raise Refused(
            f"{masked(session.repository)} has no branch or tag `{branch}`, which the ApplicationSets read",
            "push it, or correct `revision` in clusters/<env>/appsets",
        )
    commit = heads[branch]
    if known is not None and known.commit == commit:
        if known.heads == heads:
            return known
        tree, files = known.delivery.tree, known.delivery.files
    else:
        files = Commit(commit, session.git.contents(session.repository, branch, commit))
        tree = read_tree(files, session.config.environment)
    further = _revisions(session, tree, layers) - heads.keys()
    heads = {**heads, **(session.git.heads(session.repository, further) if further else {})}
    return Revision(
        branch,
        commit,
        heads,
        expected_applications(tree, files, layers, session.own, heads),
        Delivery(tree, files, layers, _beyond(session, tree, layers)),
    )


def _beyond(session: Session, tree: Tree, layers: tuple[str, ...]) -> tuple[str, ...]:
    """The tree's layers outside these, in the order in which the widest profile applies them."""
    widest = max(session.profiles().values(), key=len)
    known = [layer.name for layer in tree.layers]
    order = (*(name for name in widest if name in known), *(name for name in known if name not in widest))
    return tuple(name for name in order if name not in layers)


def _revisions(session: Session, tree: Tree, layers: tuple[str, ...]) -> set[str]:
    return {
        source.revision
        for application in tree.applications_in(layers)
        for source in application.sources
        if session.own(source.repo_url)
    }

"""What a tree declares, rendered: of a commit for doctor, of a folder for lint."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from aiops.clients import kustomize
from aiops.clients.rendered import Cache
from aiops.collect import gather
from aiops.config.model import Config
from aiops.errors import AiopsError, Refused
from aiops.gitops.declared import Declared, Unrendered
from aiops.gitops.declaring import Meant, Rendered, declare, to_render
from aiops.gitops.files import Files
from aiops.gitops.tree import Tree
from aiops.operations.revision import Revision
from aiops.session import Session

SECRET = "kind: Secret\n"  # noqa: S105 - a line of a manifest
"""What has one is rendered each time: no value of a Secret is written to this machine."""
AT_ONCE = 4
"""Renderings side by side: each is a program that keeps one core busy."""


def declared_at(session: Session, revision: Revision, layers: tuple[str, ...]) -> Declared:
    """What the enabled groups of these layers declare at a commit. It is rendered once, and remembered."""
    tree, files = revision.delivery.tree, revision.delivery.files
    meant, cache = Meant(layers=layers), Cache(revision.commit)
    folders = to_render(tree, files, meant)
    known: Rendered = cache.read()
    if missing := tuple(folder for folder in folders if folder not in known):
        with TemporaryDirectory(prefix="aiops-") as folder:
            session.git.export(session.repository, revision.branch, revision.commit, Path(folder))
            known = {**known, **render(Path(folder), missing, timeout_s=session.config.aiops.timeouts.git)}
        cache.write({name: text for name, text in known.items() if isinstance(text, str) and SECRET not in text})
    return declare(tree, files, session.config, meant, known)


def declared_in(
    tree: Tree, files: Files, config: Config | None, meant: Meant, *, root: Path, timeout_s: float, rendering: bool
) -> Declared:
    """What the files of the folder `root` declare; without `rendering`, what stands in no kustomization.

    `timeout_s` is for each of them.
    """
    folders = to_render(tree, files, meant)
    unasked = Unrendered("--no-render leaves its kustomization out", unasked=True)
    rendered = render(root, folders, timeout_s=timeout_s) if rendering else dict.fromkeys(folders, unasked)
    return declare(tree, files, config, meant, rendered)


def render(root: Path, folders: tuple[str, ...], *, timeout_s: float) -> Rendered:
    """What the folders of a tree on disk come to, or why not."""
    program = kustomize.find(root, timeout_s=timeout_s)
    if program is None:
        return dict.fromkeys(folders, Unrendered(kustomize.ABSENT, unasked=True))
    reads: Mapping[str, Callable[[], str]] = {folder: partial(program.render, folder) for folder in folders}
    answers, failures = gather(reads, at_once=AT_ONCE)
    return {**answers, **{folder: _why(error) for folder, error in failures.items()}}


def _why(error: AiopsError) -> Unrendered:
    broken = isinstance(error, Refused)
    return Unrendered(error.message, broken=broken, untold=not broken)

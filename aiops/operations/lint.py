"""`lint`: the static half of doctor, on a folder and without a cluster."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from aiops import clock
from aiops.checks.check import Check, Verdict
from aiops.checks.engine import judge_look
from aiops.checks.linting import DECLARED
from aiops.checks.linting import lint as findings_of
from aiops.collect.cluster import Read
from aiops.config.model import Config, Timeouts
from aiops.errors import NoConfig, WrongUse
from aiops.gitops.declared import Declared
from aiops.gitops.declaring import Meant
from aiops.gitops.files import Files, Folder, ReadOnce
from aiops.gitops.tree import read_tree
from aiops.operations.declared import declared_in
from aiops.operations.doctor import Choice, checked, ending
from aiops.operations.look import read_all
from aiops.operations.look_git import GitReads
from aiops.progress.results import Linted
from aiops.session import Session
from aiops.snapshot.look import Look

WITHOUT_CLUSTER = frozenset({"config", "generated", "groups-file"})
"""Reads of the files alone: checks that need no more are a part of lint as they are."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is to be linted, and how."""

    tree: Path | None = None
    """Its folder; None: that of the config."""
    profile: str | None = None
    """The enabled groups of its layers; None: all groups of all layers."""
    rendering: bool = True
    strict: bool = False
    """A warning counts as a failure."""


def lint(session: Session, asked: Asked, choice: Choice) -> Linted:
    """Judge a tree as it lies in its folder.

    WrongUse where there is no such folder or profile, or several environments and no config; ConfigError for a config
    that cannot be read; TreeError for a tree that cannot.
    """
    here = session.folder
    if asked.tree is not None:
        if not asked.tree.is_dir():
            raise WrongUse(f"{asked.tree}: no such folder", "aiops lint FOLDER, or none to take that of the config")
        session = replace(session, folder=asked.tree.resolve())
    config = _config(session, asked.tree)
    root = (asked.tree or session.config.tree).resolve()
    declared = _declared(session, config, root, asked)
    checks = static(choice.checks(), with_config=config is not None)
    look = _look(session, declared, checks, asked, with_config=config is not None)
    return _result(declared, judge_look(look, checks), _shown(root, here), asked)


def static(checks: Sequence[Check], *, with_config: bool = True) -> tuple[Check, ...]:
    """What of these can be judged without a cluster: the static half of a check, and the checks of the files."""
    return tuple(
        replace(check, judge=None, reads=(), needs=()) if check.lint else replace(check, needs=())
        for check in checks
        if check.lint or (with_config and set(check.reads) <= WITHOUT_CLUSTER)
    )


def _shown(root: Path, here: Path) -> str:
    """A tree's folder as it is typed from here, which CI systems take for the place of a finding."""
    return str(root.relative_to(here.resolve()) if root.is_relative_to(here.resolve()) else root)


def _config(session: Session, tree: Path | None) -> Config | None:
    """That of the tree; None where it has none, or the one that was found is another tree's."""
    try:
        config = session.config
    except NoConfig:
        if tree is None:
            raise
        return None
    if tree is not None and config.tree.resolve() != tree.resolve():
        if session.config_option:
            raise WrongUse(f"{config.path} is the config of another tree: {config.tree}", "leave TREE or --config out")
        return None
    return config


def _declared(session: Session, config: Config | None, root: Path, asked: Asked) -> Declared:
    files = ReadOnce(Folder(root))
    environment = config.environment if config is not None else _environment(files)
    tree = read_tree(files, environment)
    if asked.profile is None:
        meant = Meant(layers=tuple(layer.name for layer in tree.layers), every_group=True)
    elif config is None:
        raise WrongUse(f"{files.where} has no config that could say what profile {asked.profile} is", "--config FILE")
    else:
        meant = Meant(layers=session.layers(asked.profile))
    timeouts = config.aiops.timeouts if config is not None else Timeouts()
    return declared_in(tree, files, config, meant, root=root, timeout_s=timeouts.git, rendering=asked.rendering)


def _environment(files: Files) -> str:
    """The only one there is."""
    found = sorted({path.split("/")[1] for path in files.under("clusters") if path.count("/") > 1})
    if len(found) != 1:
        what = f"several environments: {', '.join(found)}" if found else "no folder clusters/ENVIRONMENT"
        raise WrongUse(f"{files.where} has no config, and {what}", "name the config with --config FILE")
    return found[0]


def _look(session: Session, declared: Declared, checks: Sequence[Check], asked: Asked, *, with_config: bool) -> Look:
    """A look at the files alone."""
    reads: Mapping[str, Read] = {DECLARED: lambda: findings_of(declared, checks)}
    if with_config:
        named = GitReads(session, asked.profile, list).named()
        reads = {**reads, **{name: named[name] for name in WITHOUT_CLUSTER}}
    now = clock.now().isoformat(timespec="seconds")
    answers, unread = read_all(reads)
    return Look(
        run=session.run,
        command=session.command,
        context="",
        namespace="",
        profile=asked.profile or "",
        taken=now,
        here=now,
        seconds=0.0,
        reads=answers,
        unread=unread,
    )


def _result(declared: Declared, verdicts: Sequence[Verdict], tree: str, asked: Asked) -> Linted:
    counts = Counter(verdict.status for verdict in verdicts)
    summary, hint, code = ending(verdicts, strict=asked.strict)
    return Linted(
        summary=summary,
        hint=hint,
        exit_code=code,
        warnings=counts["warn"],
        tree=tree,
        profile=asked.profile or "",
        layers=declared.layers,
        applications=len(declared.applications),
        unrendered=tuple((name, each.why) for name, each in declared.unrendered.items()),
        checks=tuple(map(checked, verdicts)),
    )

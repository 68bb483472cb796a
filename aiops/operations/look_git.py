"""The part of a look that git and the config tell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from fnmatch import fnmatchcase

from aiops.checks import ALL
from aiops.checks.linting import lint, undeclared
from aiops.clients.wording import masked
from aiops.collect.cluster import Read
from aiops.collect.once import Once
from aiops.config.model import Config
from aiops.config.spelling import did_you_mean
from aiops.errors import AiopsError, CannotTell, ConfigError, WrongUse
from aiops.gitops.generated import diff, path
from aiops.gitops.mismatches import mismatches
from aiops.gitops.notes import notes
from aiops.gitops.tree import Tree
from aiops.judge.plan import Plan
from aiops.operations.declared import declared_at
from aiops.operations.resolve import fresh_groups
from aiops.operations.revision import Revision, read_revision
from aiops.session import Session
from aiops.snapshot import Json


class GitReads:
    """The reads of one look; `sets` gives the ApplicationSets on the cluster, for where no profile was asked for."""

    def __init__(self, session: Session, profile: str | None, sets: Read) -> None:
        self._session, self._profile, self._sets = session, profile, sets
        self._config = self._read_config()
        self._valid = not self._config["problem"]
        if self._valid:
            _ = session.git  # made here, in the main thread
        self.layers: Once[tuple[str, ...]] = Once(self._layers)
        self.revision: Once[Revision] = Once(self._revision)
        self.plan: Once[Plan] = Once(self._plan)

    def named(self) -> Mapping[str, Read]:
        """Each read by its name."""
        return {
            "config": lambda: self._config,
            "generated": lambda: self._checked(self._generated),
            "groups-file": lambda: self._checked(self._groups_file),
            "groups-pushed": lambda: self._checked(self._groups_pushed),
            "declared": lambda: self._checked(self._declared),
            "plan": lambda: self._checked(lambda: self.plan().data()),
        }

    def _checked(self, read: Callable[[], object]) -> object:
        """Nothing of git is known without a config."""
        if not self._valid:
            raise WrongUse(self._config["problem"], self._config["hint"])
        return read()

    def _read_config(self) -> Json:
        empty: Json = {"path": "", "problem": "", "problems": [], "hint": "", "warnings": [], "repository": "",
                       "context": "", "domain": "", "tier": "", "gpuStack": "", "prices": {}, "profiles": {},
                       "suppressions": []}  # fmt: skip
        try:
            config = self._session.config
        except ConfigError as error:
            return {
                **empty,
                "problem": error.message.splitlines()[0],
                "problems": list(error.problems),
                "hint": error.hint,
            }
        except WrongUse as error:
            return {**empty, "problem": error.message, "hint": error.hint}
        return {
            **empty,
            "path": str(config.path),
            "warnings": [*(text for level, text in notes(config) if level == "warn"), *_suppress_nothing(config)],
            "repository": masked(config.repo_url),
            "context": config.aiops.context or "",
            "domain": config.domain,
            "tier": config.profile,
            "gpuStack": config.gpu_stack,
            "prices": dict(config.aiops.prices),
            "profiles": {name: list(layers) for name, layers in self._session.profiles().items()},
            "suppressions": [{**asdict(each), "until": each.until.isoformat()} for each in config.aiops.suppressions],
        }

    def _generated(self) -> list[Json]:
        return [asdict(each) for each in mismatches(self._session.config, self._session.files)]

    def _groups_file(self) -> Json:
        name = self._groups_name()
        return {"file": name, "diff": diff(self._session.files.read(name) or "", fresh_groups(self._session))}

    def _groups_pushed(self) -> Json:
        """Whether what lies here is what Argo CD reads."""
        name, revision = self._groups_name(), self.revision()
        here = self._session.files.read(name)
        return {
            "file": name,
            "tree": str(self._session.config.tree),
            "branch": revision.branch,
            "head": revision.commit,
            "uncommitted": bool(self._session.git.status([name])),
            "same": here is not None and here == revision.delivery.files.read(name),
            "ahead": self._session.git.contains(revision.commit),
            "groups": {layer: self._groups_here(layer) for layer in self.layers()},
        }

    def _groups_here(self, layer: str) -> list[str]:
        """The group applications that a layer's ApplicationSet would make of the file that lies here."""
        return [group.application for group in self._session.tree.group_applications([layer])]

    def _declared(self) -> Json:
        """What the checks find in the tree, as the branch has it now."""
        layers = self.layers()
        if not layers:
            return undeclared("no layer is live, so nothing of the tree is meant", ALL)
        found = lint(declared_at(self._session, self.revision(), layers), ALL)
        return {slug: [_latent(each) for each in findings] for slug, findings in found.items()}

    def _groups_name(self) -> str:
        config = self._session.config
        return str(path(config).relative_to(config.tree))

    def _layers(self) -> tuple[str, ...]:
        """Of the profile; without one, those that are live."""
        if self._profile is not None:
            return self._session.layers(self._profile)
        tree = self._session.tree
        live = {body["metadata"]["name"] for body in self._live_sets()}
        return tuple(layer for layer in self._in_order(tree) if _set_of(tree, layer) in live)

    def _live_sets(self) -> Sequence[Json]:
        try:
            found: Sequence[Json] = self._sets()
        except AiopsError as error:
            raise CannotTell(f"which layers are live is not known: {error.message}", "name a --profile") from error
        return found

    def _in_order(self, tree: Tree) -> tuple[str, ...]:
        """All layers of the tree, in the order in which the widest profile applies them."""
        widest = max(self._session.profiles().values(), key=len)
        known = [layer.name for layer in tree.layers]
        return (*(name for name in widest if name in known), *(name for name in known if name not in widest))

    def _revision(self) -> Revision:
        """Of the layers; where none is live, of all: which branch Argo CD would read is known all the same."""
        return read_revision(self._session, self.layers() or self._in_order(self._session.tree))

    def _plan(self) -> Plan:
        layers, revision = self.layers(), self.revision()
        tree = revision.delivery.tree
        return Plan(
            layers=layers,
            repository=masked(self._session.repository),
            branch=revision.branch,
            commit=revision.commit,
            committed=self._session.git.committed(self._session.repository, revision.branch, revision.commit),
            sets={layer: _set_of(tree, layer) for layer in layers},
            projects=tuple(str(body["metadata"]["name"]) for body in tree.projects),
            expected=revision.expected if layers else (),
        )


def _latent(found: Json) -> Json:
    """What is wrong in a file, and may be so for long without any harm, is a warning where what is live is judged."""
    return {**found, "status": "warn"} if found["status"] == "fail" else found


def _suppress_nothing(config: Config) -> Iterator[str]:
    """Suppressions of what no check is called."""
    for each in config.aiops.suppressions:
        if not any(fnmatchcase(check.slug, each.check) for check in ALL):
            known = (check.slug for check in ALL)
            yield f"aiops.suppressions: no check is called `{each.check}`{did_you_mean(each.check, known)}"


def _set_of(tree: Tree, layer: str) -> str:
    """The name of a layer's ApplicationSet."""
    return str(tree.layers_of((layer,))[0].manifest["metadata"]["name"])

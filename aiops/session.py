"""One operator session: what was asked for, and the clients, each made on its first use."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from aiops.config import tables
from aiops.config.find import find
from aiops.config.load import load
from aiops.config.model import Config, Timeouts
from aiops.errors import TargetError
from aiops.gitops.files import Folder
from aiops.gitops.repository import same_repository
from aiops.gitops.tree import Tree, read_tree
from aiops.progress.events import Paid, Report, Said

if TYPE_CHECKING:
    from aiops.clients.git import Git
    from aiops.clients.kube import Kube


def new_run() -> str:
    """An id that sorts by time and is unique on this machine: `20260131T120000-3f9a`."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


@dataclass
class Session:
    """What one invocation works with. Not thread-safe: the clients are, their making is not."""

    environ: dict[str, str]
    folder: Path
    report: Report
    config_option: str | None = None
    context_option: str | None = None
    kubeconfig: str | None = None
    ask: Callable[[str], bool] | None = None
    """Puts a yes-or-no question to the operator; None where there is no terminal to ask on."""
    run: str = field(default_factory=new_run)
    command: str = ""
    """As it was typed, without the program's name."""
    target: str = ""
    """Why this is the right cluster, once that is proven."""
    paying: dict[str, Paid] = field(default_factory=dict)
    """What this run knows to cost money, by Deployment or node: however the run ends, its last lines say so."""

    @cached_property
    def config(self) -> Config:
        """The operator's configuration; ConfigError with all its problems."""
        return load(find(self.config_option, self.environ, self.folder))

    @cached_property
    def readable_config(self) -> Config | None:
        """The configuration where there is one that can be read: for what must not depend on it."""
        try:
            return self.config
        except Exception:  # noqa: BLE001 - a bug in reading it does not stand in the way either
            return None

    @property
    def prices(self) -> Mapping[str, float]:
        """Per GPU type, the price of a node for one hour, as far as a config can be read."""
        return self.readable_config.aiops.prices if self.readable_config else {}

    def connect_without_config(self) -> None:
        """Let `kube` need a kubeconfig and nothing else; of a config that can be read it takes the context."""
        config = self.readable_config
        timeouts = config.aiops.timeouts if config else Timeouts()
        context = self.context_option or (config.aiops.context if config else None)
        self.kube = self._connect(context, timeouts)

    @cached_property
    def files(self) -> Folder:
        """The tree in the working folder."""
        return Folder(self.config.tree)

    @cached_property
    def tree(self) -> Tree:
        """The tree as the working folder has it; TreeError where it cannot be understood."""
        return read_tree(self.files, self.config.environment)

    @cached_property
    def context(self) -> str | None:
        """The kube context to use; None leaves it to the kubeconfig."""
        wanted, named = self.context_option, self.config.aiops.context
        if wanted and named and wanted != named:
            raise TargetError(
                f"--context {wanted} is not the context that {self.config.path} names: {named}",
                "leave --context out, or name the other cluster in a config of its own (aiops.context)",
            )
        return wanted or named

    @cached_property
    def kube(self) -> "Kube":
        """The Kubernetes API of the session's context."""
        return self._connect(self.context, self.config.aiops.timeouts)

    def _connect(self, context: str | None, timeouts: Timeouts) -> "Kube":
        from aiops.clients.kube import connect
        from aiops.clients.login import Patience

        words = f"{f'context {context}' if context else 'the kubeconfig'}: its login program has not answered yet"
        late = partial(self.report, Said(text=words, level="warn"))
        return connect(context, self.kubeconfig, timeout_s=timeouts.request, login=Patience(timeouts.login, late))

    @cached_property
    def git(self) -> "Git":
        """git, in the checkout that holds the tree."""
        from aiops.clients.git import Git

        return Git(self.config.tree, timeout_s=self.config.aiops.timeouts.git, same=same_repository)

    @cached_property
    def began(self) -> datetime:
        """When this run began to work on the cluster, by the cluster's clock."""
        self.kube.raw("/version")
        return self.kube.now()

    @property
    def namespace(self) -> str:
        """Argo CD's namespace."""
        return self.config.aiops.argocd.namespace

    @property
    def repository(self) -> str:
        """The platform's own repository."""
        return self.config.repo_url

    def own(self, url: str) -> bool:
        """Whether a URL is the platform's own repository, however it is spelled."""
        return same_repository(url, self.repository)

    def layers(self, profile: str) -> tuple[str, ...]:
        """The layers of a profile in apply order; WrongUse for a profile that is not there."""
        return tables.layers(self.config, profile)

    def profiles(self) -> Mapping[str, tuple[str, ...]]:
        """Every profile with its layers."""
        return tables.profiles(self.config)

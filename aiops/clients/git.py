"""git, as a program: what a remote branch points at, and the files at a commit. Nothing of a checkout changes."""

import contextlib
import fcntl
import io
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from platformdirs import user_cache_path

from aiops.clients.process import communicate, start
from aiops.clients.wording import masked, one_line
from aiops.errors import CannotTell, LoginFailed, Refused, Unreachable

LARGEST_FILE = 1 << 20
SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
NOTHING_UNASKED = {
    "GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never",
    "GIT_ASKPASS": "false", "SSH_ASKPASS": "false", "SSH_ASKPASS_REQUIRE": "never",
    "GIT_OPTIONAL_LOCKS": "0",  # git status would refresh the index
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone would fetch into itself whatever is looked at
    "LC_ALL": "C",
}  # fmt: skip
ANOTHER_REPOSITORY = {
    "GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
}  # fmt: skip
"""What git sets for its hooks (`git rev-parse --local-env-vars`): in one of them, our folder still is the one meant."""
SOURCE = "aiops-source"
"""Name of the remote for a URL that is none of the checkout's."""
REACHABLE = "is the git server reachable from here?"
LOGIN_SIGNS = (
    "Authentication failed", "could not read Username", "Permission denied", "terminal prompts disabled",
    "Host key verification failed",
)  # fmt: skip
GONE_SIGNS = ("not found", "does not appear to be a git repository", "does not exist")


class Git:
    """git in one checkout. Every call has the deadline and asks nobody anything."""

    def __init__(self, folder: Path, *, timeout_s: float, same: Callable[[str, str], bool]) -> None:
        """`same` tells whether two URLs are the same repository: then the checkout's own remote, whose
        credentials work, is asked instead of the URL."""
        self._folder, self._timeout_s, self._same = folder, timeout_s, same
        self._remotes: dict[str, str] = {}

    def heads(self, url: str, revisions: Iterable[str]) -> dict[str, str]:
        """What branches, tags, HEAD, refs or full hashes of a repository point at; an unknown one is left out."""
        wanted = set(revisions)
        found = {revision: revision for revision in wanted if SHA.fullmatch(revision)}
        asked = sorted(wanted - found.keys())
        if not asked:
            return found
        patterns = [pattern for name in asked for pattern in (name, f"{name}^{{}}")]
        lines = self._run("ls-remote", "--quiet", "--", self._remote(url), *patterns, about=url, url=url).decode()
        refs = {ref: sha for sha, _, ref in (line.partition("\t") for line in lines.splitlines())}
        for name in asked:
            places = (f"{name}^{{}}", name, f"refs/heads/{name}", f"refs/tags/{name}^{{}}", f"refs/tags/{name}")
            if ref := next((place for place in places if place in refs), None):
                found[name] = refs[ref]
        return found

    def contents(self, url: str, revision: str, sha: str) -> dict[str, str]:
        """The YAML and JSON files of a commit, by path from the repository's root.

        A commit that is not here is fetched into a cache of aiops' own. Not by `git archive`: that leaves out what
        .gitattributes says, and Argo CD does not.
        """
        return {path: text.decode(errors="replace") for path, text in self._files(url, revision, sha, _may_be_manifest)}

    def export(self, url: str, revision: str, sha: str, folder: Path) -> None:
        """Write the files of a commit into a folder, without symbolic links and what is larger than a manifest."""
        for path, content in self._files(url, revision, sha, lambda _: True):
            file = folder / path
            if not file.resolve().is_relative_to(folder.resolve()):
                continue  # a path that git itself would not check out
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)

    def _files(self, url: str, revision: str, sha: str, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
        """(path, content) of a commit's regular files of which `wanted` says so."""
        store, about = self._store(url, revision, sha), f"commit {sha[:8]}"
        listing = self._run("ls-tree", "-r", "-l", "-z", "--full-tree", sha, about=about, store=store)
        blobs = [(path, blob) for path, blob in _regular(listing.decode(errors="replace")) if wanted(path)]
        asked = "".join(f"{blob}\n" for _, blob in blobs).encode()
        batch = self._run("cat-file", "--batch", about=about, store=store, stdin=asked)
        yield from zip((path for path, _ in blobs), _contents(batch), strict=True)

    def committed(self, url: str, revision: str, sha: str) -> str:
        """When a commit was made, RFC 3339."""
        store = self._store(url, revision, sha)
        shown = self._run("show", "--no-patch", "--format=%cI", sha, about=f"commit {sha[:8]}", store=store)
        return shown.decode().strip()

    def status(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Which of these paths differ from the last commit, staged, modified or new; from the repository's root."""
        words = ("--porcelain", "-z", "--untracked-files=all", "--no-renames", "--")
        out = self._run("status", *words, *paths, about=str(self._folder))
        return tuple(entry[3:] for entry in out.decode(errors="replace").split("\0") if entry)

    def contains(self, sha: str) -> bool:
        """Whether the checkout's HEAD is at a commit or after it: a push would then be taken."""
        try:
            self._run("merge-base", "--is-ancestor", sha, "HEAD", about=f"commit {sha[:8]}")
        except Refused:  # it is not, or the commit was never fetched
            return False
        return True

    def _store(self, url: str, revision: str, sha: str) -> Path | None:
        """Where the commit is: None for the checkout, else a bare repository in the user's cache."""
        if self._has(sha, None):
            return None
        cache = user_cache_path("aiops") / "git"
        if self._has(sha, cache):
            return cache
        with self._alone(cache, f"{url} {revision}"):
            self._run("init", "--quiet", "--bare", str(cache), about=str(cache))  # mends one that was broken off too
            if not self._has(sha, cache):
                self._fetch(url, revision, sha, cache)
        return cache

    @contextlib.contextmanager
    def _alone(self, cache: Path, about: str) -> Iterator[None]:
        """The cache to ourselves among all runs: git gives up where another one works, or was killed at it."""
        deadline = time.monotonic() + self._timeout_s
        try:
            cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (cache / "in-use").open("wb")
        except OSError as error:
            raise CannotTell(f"cannot write to {cache}: {error.strerror}", "set XDG_CACHE_HOME elsewhere") from error
        with lock as file:  # its end, or ours, unlocks
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() >= deadline:
                        who = f"git fetch: {masked(about)}: another aiops has used {cache} for {self._timeout_s:g} s"
                        raise Unreachable(who, "let the other one end, then try again") from error
                time.sleep(0.05)
            for stale in cache.glob("*.lock"):
                stale.unlink(missing_ok=True)
            yield

    def _fetch(self, url: str, revision: str, sha: str, cache: Path) -> None:
        """The commit alone into the cache, with the checkout's own settings: remotes, credentials, proxies."""
        folder, options = self._folder, ["-c", "maintenance.auto=false", "-c", "gc.auto=0"]
        with contextlib.suppress(Refused):  # outside a checkout there are none
            words = ("--path-format=absolute", "--show-toplevel", "--git-common-dir")
            top, git_dir = self._run("rev-parse", *words, about=str(folder)).decode().splitlines()
            folder, options = Path(top), [*options, "-c", f"include.path={git_dir}/config"]
        self._run(
            "fetch", "--quiet", "--no-tags", "--no-filter", "--depth=1",
            "--", self._remote(url), sha,
            about=f"{url} {revision}", url=url, store=cache, options=options, folder=folder,
        )  # fmt: skip

    def _has(self, sha: str, store: Path | None) -> bool:
        """Whether the commit is there with all its files, which a partial clone may lack."""
        try:
            self._run("rev-list", "--objects", "--no-walk", "--quiet", sha, about=f"commit {sha[:8]}", store=store)
        except Refused:
            return False
        return True

    def _remote(self, url: str) -> str:
        """The name of the checkout's remote that is this repository, else `SOURCE`, which `_run` defines."""
        if url not in self._remotes:
            self._remotes[url] = next((name for name, address in self._addresses() if self._same(address, url)), SOURCE)
        return self._remotes[url]

    def _addresses(self) -> list[tuple[str, str]]:
        """(name, address) of the checkout's remotes; none outside a checkout."""
        try:
            lines = self._run("config", "--get-regexp", r"^remote\..*\.url$", about=str(self._folder)).decode()
        except Refused:
            return []
        pairs = [line.partition(" ") for line in lines.splitlines()]
        return [(key.removeprefix("remote.").removesuffix(".url"), address) for key, _, address in pairs]

    def _run(
        self,
        verb: str,
        *words: str,
        about: str,
        url: str = "",
        store: Path | None = None,
        stdin: bytes = b"",
        options: Iterable[str] = (),
        folder: Path | None = None,
    ) -> bytes:
        """One git command; `url` becomes the remote `SOURCE`, by the environment: it may hold a password."""
        remote = [f"--config-env=remote.{SOURCE}.url=AIOPS_GIT_URL"] if url else []
        where = ["-C", str(folder or self._folder), *(["--git-dir", str(store)] if store else [])]
        inherited = {name: value for name, value in os.environ.items() if name not in ANOTHER_REPOSITORY}
        try:
            process = start(
                ["git", *where, *options, *remote, verb, *words],
                inherited | NOTHING_UNASKED | {"AIOPS_GIT_URL": url},
            )
        except FileNotFoundError as error:
            raise CannotTell("git is not on the PATH, and only git tells what Argo CD reads", "install git") from error
        try:
            out, err = communicate(process, stdin, self._timeout_s)
        except subprocess.TimeoutExpired as error:
            who = f"git {verb}: {masked(about)}"
            raise Unreachable(f"{who} did not answer in {self._timeout_s:g} s", REACHABLE) from error
        if process.returncode:
            raise _failure(verb, about, err.decode(errors="replace"))
        return out


def _may_be_manifest(path: str) -> bool:
    return path.endswith((".yaml", ".yml", ".json")) or path.rpartition("/")[2] == "Kustomization"


def _regular(listing: str) -> Iterator[tuple[str, str]]:
    """(path, blob) of the regular files among the lines of `git ls-tree -l -z`, but for the largest."""
    for entry in filter(None, listing.split("\0")):
        attributes, _, path = entry.partition("\t")
        mode, _, blob, size = attributes.split()
        if mode.startswith("100") and int(size) <= LARGEST_FILE:
            yield path, blob


def _contents(batch: bytes) -> Iterator[bytes]:
    """The blobs in the output of `git cat-file --batch`."""
    stream = io.BytesIO(batch)
    while header := stream.readline():
        yield stream.read(int(header.split()[2]))
        stream.readline()


def _failure(verb: str, about: str, said: str) -> Refused | LoginFailed | Unreachable:
    """git's own words; a refusal where trying again does not help."""
    words = one_line(masked(said).removeprefix("fatal: ")) or "failed"
    message = f"git {verb}: {masked(about)}: {words}"
    if verb not in ("ls-remote", "fetch"):
        return Refused(message)
    if any(sign in said for sign in LOGIN_SIGNS):
        return LoginFailed(message, "log in to the git server (a credential helper or an SSH agent), then try again")
    if any(sign in said for sign in GONE_SIGNS):
        return Refused(message, "is repoURL in the config right, and may you read it?")
    return Unreachable(message, REACHABLE)

"""git, as a program: what a remote branch points at, and the files at a commit. Nothing of a checkout changes."""

import io
import os
import re
import signal
import subprocess
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path

from platformdirs import user_cache_path

from aiops.errors import CannotTell, Refused, Unreachable

LARGEST_FILE = 1 << 20
SHA = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
NO_PROMPT = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "false",
    "SSH_ASKPASS": "false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GCM_INTERACTIVE": "never",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
LOGIN_SIGNS = (
    "Authentication failed",
    "could not read Username",
    "Permission denied",
    "terminal prompts disabled",
)
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
        lines = self._run("ls-remote", "--quiet", self._remote(url), *patterns, about=url).decode()
        refs = {ref: sha for sha, _, ref in (line.partition("\t") for line in lines.splitlines())}
        for name in asked:
            for ref in (name, f"refs/heads/{name}", f"refs/tags/{name}^{{}}", f"refs/tags/{name}"):
                if ref in refs:
                    found[name] = refs[ref]
                    break
        return found

    def contents(self, url: str, revision: str, sha: str) -> dict[str, str]:
        """The YAML and JSON files of a commit by path; fetched into a cache of aiops' own if it is not here."""
        store = self._store(url, revision, sha)
        archive = self._run("archive", "--format=tar", sha, about=f"commit {sha[:8]}", git_dir=store)
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            return {
                member.name: reader.read().decode(errors="replace")
                for member in tar
                if member.isfile() and member.size <= LARGEST_FILE and _is_manifest(member.name)
                if (reader := tar.extractfile(member)) is not None
            }

    def status(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Which of these paths differ from the last commit, staged, modified or new."""
        out = self._run("status", "--porcelain", "-z", "--untracked-files=all", "--", *paths, about="status")
        return tuple(entry[3:] for entry in out.decode().split("\0") if len(entry) > 3)

    def _store(self, url: str, revision: str, sha: str) -> Path | None:
        """Where the commit is: None for the checkout, else a bare repository in the user's cache."""
        if self._has(sha, None):
            return None
        cache = user_cache_path("aiops", ensure_exists=True) / "git"
        if not cache.exists():
            cache.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._run("init", "--quiet", "--bare", str(cache), about="the cache")
        if not self._has(sha, cache):
            # from the checkout's folder, so that a relative remote and its credentials mean what they mean there
            remote, repository = self._remote_url(url), cache
            self._run("fetch", "--quiet", "--no-tags", "--depth=1", "--no-write-fetch-head", remote,
                      sha if SHA.fullmatch(revision) else revision, about=url, git_dir=repository)  # fmt: skip
        if not self._has(sha, cache):
            raise Unreachable(f"git {_masked(url)}: {revision} moved while it was read", "try again")
        return cache

    def _has(self, sha: str, git_dir: Path | None) -> bool:
        try:
            self._run("cat-file", "-e", f"{sha}^{{tree}}", about=f"commit {sha[:8]}", git_dir=git_dir)
        except (Refused, Unreachable):
            return False
        return True

    def _remote(self, url: str) -> str:
        """The name of the checkout's remote that is this repository, or the URL."""
        if url not in self._remotes:
            self._remotes[url] = next((name for name, address in self._addresses() if self._same(address, url)), url)
        return self._remotes[url]

    def _remote_url(self, url: str) -> str:
        """The address behind `_remote`, for use outside the checkout."""
        return dict(self._addresses()).get(self._remote(url), url)

    def _addresses(self) -> list[tuple[str, str]]:
        """(name, address) of the checkout's remotes, relative paths made absolute; none outside a checkout."""
        try:
            lines = self._run("config", "--get-regexp", r"^remote\..*\.url$", about="its remotes").decode()
        except (Refused, Unreachable):
            return []
        pairs = [line.partition(" ") for line in lines.splitlines()]
        return [
            (key.removeprefix("remote.").removesuffix(".url"), self._absolute(address)) for key, _, address in pairs
        ]

    def _absolute(self, address: str) -> str:
        if re.match(r"[\w+.-]+://|[^/]+:", address) or address.startswith("/"):
            return address
        return str((self._folder / address).resolve())

    def _run(self, *words: str, about: str, git_dir: Path | None = None) -> bytes:
        where = ["--git-dir", str(git_dir)] if git_dir else []
        env = {**os.environ, **NO_PROMPT}
        env.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=10")
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, and the words are ours or the config's
                ["git", *where, *words],  # noqa: S607 - the operator's own git
                cwd=self._folder, env=env, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise CannotTell("git is not on the PATH, and only git tells what Argo CD reads", "install git") from error
        try:
            out, err = process.communicate(timeout=self._timeout_s)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise Unreachable(
                f"git {words[0]}: {_masked(about)} did not answer in {self._timeout_s:.0f} s",
                "is the git server reachable from here?",
            ) from error
        if process.returncode:
            raise _failure(words[0], about, err.decode(errors="replace"))
        return out


def _failure(verb: str, about: str, said: str) -> Refused | Unreachable:
    """git's own words; a refusal where trying again does not help."""
    words = _masked(" ".join(said.split()).removeprefix("fatal: "))[:300] or "failed"
    message = f"git {verb}: {_masked(about)}: {words}"
    if any(sign in said for sign in LOGIN_SIGNS):
        return Refused(message, "log in to the git server (a credential helper or an SSH agent), then try again")
    if verb == "ls-remote" or verb == "fetch":
        if any(sign in said for sign in GONE_SIGNS):
            return Refused(message, "is repoURL in the config right, and may you read it?")
        return Unreachable(message, "is the git server reachable from here?")
    return Refused(message)


def _masked(text: str) -> str:
    """The text without user and password of URLs."""
    return re.sub(r"://[^/@\s]+@", "://***@", text)


def _is_manifest(path: str) -> bool:
    return path.endswith((".yaml", ".yml", ".json")) or path.rpartition("/")[2] == "Kustomization"

"""Is the volume that is mounted as a cache the one that vLLM writes to?"""

import posixpath
from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.containers import Placed, containers_of
from aiops.gitops.declared import Declared
from aiops.gitops.parsing import value
from aiops.judge.command_line import CommandLine
from aiops.judge.finding import Finding
from aiops.judge.mounts import Mount, is_beneath, mounts_of
from aiops.judge.serving_images import serves_with_vllm

_HOMES = ("HOME", "XDG_CACHE_HOME")
"""What vLLM, torch and Triton derive the folders of their caches from (vllm/envs.py: VLLM_CACHE_ROOT)."""


def _lint(declared: Declared) -> Iterator[Finding]:
    caching = [
        (each, mount)
        for each in containers_of(declared)
        if serves_with_vllm(each.container.body) and each.container.value_of("HOME")
        for mount in mounts_of(each.pods.spec, each.container.body)
        if _is_cache(mount)
    ]
    bad = [(each, mount) for each, mount in caching if not _is_used(each, mount)]
    for each, mount in bad:
        yield _finding(declared, each, mount)
    if not caching:
        yield skip("no vLLM of the tree with a HOME of its own mounts a cache")
    elif not bad:
        yield ok("vLLM writes to whatever is mounted as a cache")


def _is_cache(mount: Mount) -> bool:
    """By what it is called, and where it is."""
    return "cache" in mount.name.lower() or ".cache" in mount.path.split("/")


def _is_used(placed: Placed, mount: Mount) -> bool:
    """Something that it is told leads there: a folder in an argument or a variable, or what follows from HOME."""
    told = [str(value(each, "value") or "") for name, each in placed.container.env.items() if name not in _HOMES]
    told += [word.rpartition("=")[2] for word in CommandLine(placed.container.body).words]
    folders = [*(each for each in told if each.startswith("/")), _cache_home(placed)]
    return any(is_beneath(each, mount.path) or is_beneath(mount.path, each) for each in folders)


def _cache_home(placed: Placed) -> str:
    home = placed.container.value_of("HOME") or "/"
    return placed.container.value_of("XDG_CACHE_HOME") or posixpath.join(home, ".cache")


def _finding(declared: Declared, placed: Placed, mount: Mount) -> Finding:
    index = [each.get("name") for each in placed.container.body.get("volumeMounts") or ()].index(mount.name)
    lost = f", and {mount.name} is an emptyDir, which goes with its pod" if mount.lost else ""
    return Finding(
        status="warn",
        symptom=f"{placed} never writes to the cache that is mounted at {mount.path}",
        cause=f"its cache is {_cache_home(placed)}, so it compiles and captures its CUDA graphs at every start{lost}",
        fix=f"set the mountPath of {mount.name} to {_cache_home(placed)}, and a claim in place of an emptyDir",
        **of(placed.manifest),
        **at(placed.place(declared, "volumeMounts", index, "mountPath")),
    )


CHECK = Check(
    slug="compile-cache-kept",
    group="models",
    title="what is mounted as a cache is where vLLM keeps its own",
    lint=_lint,
)

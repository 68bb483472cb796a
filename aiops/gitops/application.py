"""An Argo CD Application, as it is written."""

from dataclasses import dataclass

from aiops.errors import TreeError
from aiops.gitops.applicationset import Group
from aiops.gitops.directory import DIRECT, Directory
from aiops.gitops.parsing import Body, items, part, texts, value


@dataclass(frozen=True)
class Source:
    """One source of an application."""

    repo_url: str
    path: str | None
    chart: str | None
    ref: str | None
    """The name under which another source takes value files from this one."""
    revision: str
    directory: Directory = DIRECT


@dataclass(frozen=True)
class Application:
    """One Application manifest in a group's catalog folder."""

    name: str
    group: str
    layer: str
    automatic: bool
    """`spec.syncPolicy.automated` is there and not `enabled: false`."""
    sources: tuple[Source, ...]
    namespace: str
    """Of its destination."""
    sync_options: tuple[str, ...]
    manifest: Body
    file: str

    @property
    def written(self) -> list[Body]:
        """Its sources, as they are written."""
        return _written(self.manifest)


def application(manifest: Body, file: str, group: Group) -> Application:
    """The manifest as an Application; TreeError where it has no name."""
    name = value(manifest, "metadata", "name")
    if not isinstance(name, str):
        raise TreeError(f"{file}: an Application without metadata.name")
    spec = part(manifest, "spec")
    automated = value(spec, "syncPolicy", "automated")
    sources = _written(manifest)
    return Application(
        name=name,
        group=group.name,
        layer=group.layer,
        automatic=automated is not None and value(automated, "enabled") is not False,
        sources=tuple(_source(source, file) for source in sources),
        namespace=value(spec, "destination", "namespace") or "",
        sync_options=texts(spec, "syncPolicy", "syncOptions"),
        manifest=manifest,
        file=file,
    )


def _written(manifest: Body) -> list[Body]:
    return items(manifest, "spec", "sources") or [part(manifest, "spec", "source")]


def _source(source: Body, file: str) -> Source:
    for key in ("repoURL", "path", "chart", "ref"):
        if not isinstance(source.get(key), str | None):
            raise TreeError(f"{file}: {key} of a source is `{source[key]}`, and is to be a text")
    return Source(
        repo_url=source.get("repoURL") or "",
        path=source.get("path"),
        chart=source.get("chart"),
        ref=source.get("ref"),
        revision=str(source.get("targetRevision") or "HEAD"),
        directory=_directory(part(source, "directory")),
    )


def _directory(written: Body) -> Directory:
    return Directory(
        recurse=written.get("recurse") is True,
        include=str(written.get("include") or ""),
        exclude=str(written.get("exclude") or ""),
        jsonnet=bool(written.get("jsonnet")),
    )

"""Whether the other generated files say what the config says, judged by what is in them."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from aiops.config import tables
from aiops.config.model import Config
from aiops.gitops.files import Files
from aiops.gitops.parsing import Body, objects, parse, part, texts, value

_DCGM = "platform/dcgm-metrics/kustomization.yaml"
_DATABASE = "platform/litellm/db/kustomization.yaml"
_STORE = "platform/external-secrets/config/clustersecretstore.yaml"


@dataclass(frozen=True)
class Mismatch:
    """A generated file that does not say what a key of the config says."""

    key: str
    file: str
    expected: str
    found: str
    how: str
    """How an operator sees that they match."""


def mismatches(config: Config, files: Files) -> tuple[Mismatch, ...]:
    """The generated files that differ from the config; TreeError where one does not parse.

    A file that the tree does not have cannot differ.
    """
    managed, prod = config.gpu_stack == "gke-managed", config.profile == "prod"
    return (
        *_listing(files, _DCGM, "podmonitor.generated.yaml", managed, f"gpu_stack: {config.gpu_stack}"),
        *_replicas(files, config, prod),
        *_listing(files, _DATABASE, "scheduledbackup.generated.yaml", prod, f"profile: {config.profile}"),
        *_guardrails(files, config),
        *_store(files, config),
    )


def _listing(files: Files, file: str, name: str, wanted: bool, key: str) -> Iterator[Mismatch]:
    """A kustomization that lists a generated file for one value of a key, and only for that."""
    if (body := _body(files, file)) is not None and (name in texts(body, "resources")) != wanted:
        says = {True: f"lists {name}", False: f"does not list {name}"}
        how = f"`kubectl kustomize {posixpath.dirname(file)}` shows what it deploys"
        yield Mismatch(key, file, says[wanted], says[not wanted], how)


def _replicas(files: Files, config: Config, prod: bool) -> Iterator[Mismatch]:
    file = f"clusters/{config.environment}/litellm-profile.generated.yaml"
    if (body := _body(files, file)) is not None:
        count = value(body, "replicaCount")
        if (isinstance(count, int) and count >= 2) != prod:
            expected = "replicaCount: 2 or more" if prod else "replicaCount: 1"
            how = f"`grep replicaCount {file}` shows 2 or more for profile prod, and only for prod"
            yield Mismatch(f"profile: {config.profile}", file, expected, f"replicaCount: {count}", how)


def _guardrails(files: Files, config: Config) -> Iterator[Mismatch]:
    file = f"clusters/{config.environment}/litellm-guardrails.generated.yaml"
    rules = (rule for rule in tables.groups(config) if rule.flag == "guardrails")
    on = any(tables.enabled(config, rule) for rule in rules)
    if (body := _body(files, file)) is not None and bool(body) != on:
        says = {True: "an overlay with guardrails", False: "{}"}
        how = f"{file} ends with `{{}}` when features.guardrails is false, and only then"
        yield Mismatch(f"features.guardrails: {str(on).lower()}", file, says[on], says[not on], how)


def _store(files: Files, config: Config) -> Iterator[Mismatch]:
    """The provider of the ClusterSecretStore; what another backend than gcpsm holds is the operator's own."""
    for body, file in objects(files, [_STORE]):
        provider = part(body, "spec", "provider")
        how = f"spec.provider of {file} names the backend, its projectID and its auth"
        found = ", ".join(provider) or "no provider"
        gcpsm = config.secret_backend == "gcpsm"  # noqa: S105  the name of a backend
        if ("gcpsm" in provider) != gcpsm:
            expected = "gcpsm" if gcpsm else "a provider other than gcpsm"
            yield Mismatch(f"secret_backend: {config.secret_backend}", file, expected, found, how)
        elif gcpsm:
            yield from _gcpsm(part(provider, "gcpsm"), file, config, how)


def _gcpsm(provider: Body, file: str, config: Config, how: str) -> Iterator[Mismatch]:
    project, wanted = str(value(provider, "projectID")), config.cluster.project_id
    if project != wanted:
        yield Mismatch("cluster.projectID", file, f"projectID: {wanted}", f"projectID: {project}", how)
    keyed = config.secret_store_auth == "sa-key"  # noqa: S105  the name of a way
    if bool(value(provider, "auth", "secretRef")) != keyed:
        says = {True: "auth.secretRef", False: "no auth.secretRef"}
        yield Mismatch(f"secret_store_auth: {config.secret_store_auth}", file, says[keyed], says[not keyed], how)


def _body(files: Files, file: str) -> Body | None:
    """The mapping of a generated file, empty for `{}`; None where the tree has no such file."""
    text = files.read(file)
    if text is None:
        return None
    body = next(iter(parse(text, file)), None)
    return body if isinstance(body, Mapping) else {}

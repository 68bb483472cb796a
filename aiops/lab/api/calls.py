"""A request about a kind that is served: what it asks for, by whom, and with which body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from aiops.lab.api import protobuf
from aiops.lab.api.access import User
from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.objects import Writer
from aiops.lab.api.refusals import Refusal, bad_request, invalid_options
from aiops.lab.api.requests import RequestInfo

OPTIONS = {"create": "CreateOptions", "update": "UpdateOptions", "patch": "PatchOptions"}
PROTOBUF = "application/vnd.kubernetes.protobuf"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request."""

    info: RequestInfo
    kind: Kind
    query: Mapping[str, str]
    user: User
    agent: str
    """The User-Agent."""
    content_type: str
    """Without parameters."""
    content: bytes

    @property
    def by(self) -> Writer:
        """Who writes."""
        manager = self.query.get("fieldManager") or self.agent.partition("/")[0] or "unknown"
        return Writer(user=self.user.name, groups=self.user.groups, manager=manager)

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be kept."""
        said = self.query.get("dryRun", "")
        if said not in ("", "All"):
            options = OPTIONS.get(self.info.verb, "DeleteOptions")
            message = f'Unsupported value: ["{said}"]: supported values: "All"'
            raise invalid_options(options, "FieldValueNotSupported", "dryRun", message)
        return said == "All"

    def json(self) -> Any:  # noqa: ANN401 - what the client sent
        """The body."""
        try:
            match self.content_type:
                case "application/yaml" | "application/apply-patch+yaml":
                    return yaml.load(self.content, Loader=yaml.CSafeLoader)
                case media if media == PROTOBUF:
                    return protobuf.decode(self.content)
                case _:
                    return json.loads(self.content)
        except (ValueError, yaml.YAMLError) as error:
            raise self.unreadable(str(error)) from None

    def object(self) -> Json:
        """The body as an object of the kind: in the version in which it is stored, in the namespace of the path."""
        if self.content_type not in ("", "application/json", "application/yaml", PROTOBUF):
            known = f"accepted media types include: application/json, application/yaml, {PROTOBUF}"
            message = f"the body of the request was in an unknown format - {known}"
            raise Refusal(415, "UnsupportedMediaType", message)
        body = self.json()
        if not isinstance(body, dict):
            raise self.unreadable("json: cannot unmarshal into Go value of type map")
        return self.placed(body)

    def placed(self, body: Json) -> Json:
        """An object that a client sent, where its path says that it is; Refusal (400) where it says otherwise."""
        named, version = body.get("kind", self.kind.kind), body.get("apiVersion", "")
        group = version.rpartition("/")[0]
        if named != self.kind.kind or (version and group != self.kind.group):
            raise bad_request(
                f'{named} in version "{version.rpartition("/")[2]}" cannot be handled as a {self.kind.kind}:'
                f" no kind {self.kind.kind} is registered for that version"
            )
        meta = dict(body.get("metadata") or {})
        namespace = self.info.namespace if self.kind.namespaced else ""
        if meta.get("namespace", namespace) != namespace and self.kind.namespaced:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if self.info.name and meta.get("name", self.info.name) != self.info.name:
            sent, asked = meta["name"], self.info.name
            raise bad_request(f"the name of the object ({sent}) does not match the name on the URL ({asked})")
        if namespace:
            meta["namespace"] = namespace
        if self.info.name:
            meta["name"] = self.info.name
        return {**body, "apiVersion": self.kind.api_version, "kind": self.kind.kind, "metadata": meta}

    def unreadable(self, why: str) -> Refusal:
        """400 of a body that is no object."""
        must = f"must be of type {self.kind.kind}"
        return bad_request(f"the object provided is unrecognized ({must}): couldn't get version/kind; {why}")

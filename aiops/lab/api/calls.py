"""A request about a kind that is served: what it asks for, by whom, and with which body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from aiops.lab.api import causes, protobuf
from aiops.lab.api.access import User
from aiops.lab.api.kinds import Json, Kind
from aiops.lab.api.objects import Writer
from aiops.lab.api.refusals import Refusal, bad_request, invalid, invalid_options
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
    def namespace(self) -> str:
        """In which the object is; empty where its kind has none."""
        return self.info.namespace if self.kind.namespaced else ""

    @property
    def dry_run(self) -> bool:
        """Whether nothing is to be kept."""
        said = self.query.get("dryRun", "")
        if said not in ("", "All"):
            raise invalid_options(self._options, causes.unsupported("dryRun", causes.shown([said]), ["All"]))
        return said == "All"

    @property
    def validation(self) -> str:
        """What becomes of fields that the kind does not have: Ignore, Warn or Strict."""
        said, known = self.query.get("fieldValidation", ""), ("", "Ignore", "Strict", "Warn")
        if said not in known:
            why = causes.unsupported("fieldValidation", causes.shown(said), [*known])
            raise invalid_options(self._options, why)
        return said or "Warn"

    @property
    def _options(self) -> str:
        return OPTIONS.get(self.info.verb, "DeleteOptions")

    def json(self) -> Any:  # noqa: ANN401 - what the client sent
        """The body."""
        try:
            match self.content_type:
                case "application/yaml" | "application/apply-patch+yaml":
                    return yaml.safe_load(self.content)
                case media if media == PROTOBUF:
                    return protobuf.decode(self.content)
                case _:
                    return json.loads(self.content)
        except json.JSONDecodeError as error:
            at_end = error.pos >= len(self.content.rstrip())
            raise self._unreadable("unexpected end of JSON input" if at_end else str(error)) from None
        except (ValueError, yaml.YAMLError) as error:
            raise self._unreadable(str(error)) from None

    def object(self) -> Json:
        """The body as an object of the kind, as `placed`."""
        if self.content_type not in ("", "application/json", "application/yaml", PROTOBUF):
            known = f"accepted media types include: application/json, application/yaml, {PROTOBUF}"
            message = f"the body of the request was in an unknown format - {known}"
            raise Refusal(415, "UnsupportedMediaType", message)
        body = self.json()
        if not isinstance(body, dict):
            raise self._unreadable("json: cannot unmarshal into Go value of type struct")
        if self.info.name and not (body.get("metadata") or {}).get("name"):
            why = "was undeterminable: name must be provided"
            raise bad_request(f"the name of the object ({self.info.name} based on URL) {why}")
        return self.placed(body)

    def placed(self, body: Json) -> Json:
        """An object that a client sent, in the version in which it is stored, where its path says that it is.

        Refusal (400, 422) where it says otherwise itself.
        """
        self._check_kind(body)
        meta = dict(body.get("metadata") or {})
        name, namespace = self.info.name, self.namespace
        if namespace and meta.get("namespace", namespace) != namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        if name and meta.get("name", name) != name:
            raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({name})")
        meta |= {key: value for key, value in (("namespace", namespace), ("name", name)) if value}
        return {**body, "apiVersion": self.kind.api_version, "kind": self.kind.kind, "metadata": meta}

    def _check_kind(self, body: Json) -> None:
        kind, group, version = self.kind.kind, self.kind.group, self.info.version
        expected = f"{group}/{version}" if group else version
        named, said = body.get("kind"), body.get("apiVersion", "")
        if (named, said) == (kind, expected):
            return
        if self.kind.custom:
            self._check_custom(named, said, expected, body)
        elif (named or kind, said or expected) != (kind, expected):
            own = f'no kind "{named}" is registered for version "{said}" in scheme "pkg/runtime/scheme.go:111"'
            raise bad_request(f'{named} in version "{said.rpartition("/")[2]}" cannot be handled as a {kind}: {own}')

    def _check_custom(self, named: str | None, said: str, expected: str, body: Json) -> None:
        if named is None:
            sent = self.content.decode()
            start = f"{sent[:30]} ..." if len(sent) > 30 else sent
            why = f"Object 'Kind' is missing in '{sent}' ({start})"
            raise bad_request(f"the object provided is unrecognized ({self._must}): {why}")
        if said != expected:
            data = f"the API version in the data ({said})"
            raise bad_request(f"{data} does not match the expected API version ({expected})")
        name = self.info.name or (body.get("metadata") or {}).get("name", "")
        other = replace(self.kind, kind=named)
        raise invalid(other, name, [causes.invalid("kind", named, f"must be {self.kind.kind}")])

    @property
    def _must(self) -> str:
        return f"must be of type {self.kind.kind}"

    def _unreadable(self, why: str) -> Refusal:
        if self.info.verb == "patch":
            return bad_request(f"error decoding patch: {why}")
        whole = self.content[:32].decode(errors="replace") or "<empty>"
        no = f"couldn't get version/kind; json parse error: {why}"
        if self.info.verb == "delete":
            return bad_request(no)
        return bad_request(f"the object provided is unrecognized ({self._must}): {no} ({whole})")

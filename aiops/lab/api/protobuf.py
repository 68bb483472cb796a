"""Bodies in protobuf: what kubectl's own `create` commands, `create token`, `auth can-i` and `drain` send."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache

from aiops.lab.api.kinds import Json, Value
from aiops.lab.api.refusals import Refusal

MAGIC = b"k8s\x00"
MESSAGES: Mapping[str, str] = {
    "ClusterRole": "1 metadata ObjectMeta, 2 rules []PolicyRule",
    "ClusterRoleBinding": "1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef",
    "ConfigMap": "1 metadata ObjectMeta, 2 data {}string, 3 binaryData {}base64, 4 immutable bool",
    "Container": "1 name string, 2 image string, 3 command []string, 6 ports []ContainerPort",
    "ContainerPort": "3 containerPort int, 4 protocol string",
    "DeleteOptions": "1 gracePeriodSeconds int, 2 preconditions Preconditions, 4 propagationPolicy string, "
        "5 dryRun []string",
    "Deployment": "1 metadata ObjectMeta, 2 spec DeploymentSpec",
    "DeploymentSpec": "1 replicas int, 2 selector LabelSelector, 3 template PodTemplateSpec",
    "Eviction": "1 metadata ObjectMeta, 2 deleteOptions DeleteOptions",
    "Job": "1 metadata ObjectMeta, 2 spec JobSpec",
    "JobSpec": "6 template PodTemplateSpec",
    "LabelSelector": "1 matchLabels {}string",
    "LocalObjectReference": "1 name string",
    "Namespace": "1 metadata ObjectMeta",
    "NonResourceAttributes": "1 path string, 2 verb string",
    "ObjectMeta": "1 name string, 2 generateName string, 3 namespace string, "
        "11 labels {}string, 12 annotations {}string",
    "PodSpec": "2 containers []Container, 3 restartPolicy string",
    "PodTemplateSpec": "1 metadata ObjectMeta, 2 spec PodSpec",
    "PolicyRule": "1 verbs []string, 2 apiGroups []string, 3 resources []string, "
        "4 resourceNames []string, 5 nonResourceURLs []string",
    "Preconditions": "1 uid string, 2 resourceVersion string",
    "ResourceAttributes": "1 namespace string, 2 verb string, 3 group string, 4 version string, "
        "5 resource string, 6 subresource string, 7 name string",
    "Role": "1 metadata ObjectMeta, 2 rules []PolicyRule",
    "RoleBinding": "1 metadata ObjectMeta, 2 subjects []Subject, 3 roleRef RoleRef",
    "RoleRef": "1 apiGroup string, 2 kind string, 3 name string",
    "Secret": "1 metadata ObjectMeta, 2 data {}base64, 3 type string, 4 stringData {}string, 5 immutable bool",
    "SelfSubjectAccessReview": "1 metadata ObjectMeta, 2 spec SelfSubjectAccessReviewSpec",
    "SelfSubjectAccessReviewSpec": "1 resourceAttributes ResourceAttributes, "
        "2 nonResourceAttributes NonResourceAttributes",
    "SelfSubjectReview": "1 metadata ObjectMeta",
    "SelfSubjectRulesReview": "1 metadata ObjectMeta, 2 spec SelfSubjectRulesReviewSpec",
    "SelfSubjectRulesReviewSpec": "1 namespace string",
    "ServiceAccount": "1 metadata ObjectMeta, 3 imagePullSecrets []LocalObjectReference",
    "Subject": "1 kind string, 2 apiGroup string, 3 name string, 4 namespace string",
    "TokenRequest": "1 metadata ObjectMeta, 2 spec TokenRequestSpec",
    "TokenRequestSpec": "1 audiences []string, 4 expirationSeconds int",
    "TypeMeta": "1 apiVersion string, 2 kind string",
    "Unknown": "1 typeMeta TypeMeta, 2 raw bytes",
}  # fmt: skip
"""Number, name and type of what kubectl fills in (k8s.io/api/*/*/generated.proto): [] is a list, {} a map."""


def decode(body: bytes) -> Json:
    """The object that a body holds; Refusal (415) where it holds more than is known here."""
    envelope = _message("Unknown", body.removeprefix(MAGIC))
    about: Json = envelope["typeMeta"]
    return {**about, **_message(about["kind"], envelope.get("raw", b""))}


def _message(kind: str, data: bytes) -> Json:
    found: Json = {}
    known = _known(kind)
    for number, value in _fields(data):
        name, sort = known.get(number, ("", ""))
        if not name:
            if not _is_blank(value):
                raise _unknown(f"field {number} of {kind}")
        elif sort.startswith("[]"):
            found.setdefault(name, []).append(_value(sort[2:], value))
        elif sort.startswith("{}"):
            entry = dict(_fields(value))
            found.setdefault(name, {})[entry[1].decode()] = _value(sort[2:], entry.get(2, b""))
        elif value != b"":
            found[name] = _value(sort, value)
    return found


@cache
def _known(kind: str) -> Mapping[int, tuple[str, str]]:
    if kind not in MESSAGES:
        raise _unknown(kind)
    fields = (field.split() for field in MESSAGES[kind].split(", "))
    return {int(number): (name, sort) for number, name, sort in fields}


def _value(sort: str, value: Value) -> Value:
    match sort:
        case "string":
            return value.decode()
        case "base64":
            return b64encode(value).decode()
        case "bool":
            return bool(value)
        case "int" | "bytes":
            return value
    return _message(sort, value)


def _is_blank(value: int | bytes) -> bool:
    """Whether a field says nothing: Go writes out empty fields, and empty messages in them."""
    if isinstance(value, int):
        return not value
    try:
        return all(_is_blank(each) for _, each in _fields(value))
    except (IndexError, Refusal):
        return False


def _fields(data: bytes) -> Iterator[tuple[int, Value]]:
    """Number and content of each field of a message: an int, or bytes (https://protobuf.dev/programming-guides/encoding)."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        size, at = _varint(data, at)
        match tag & 7:
            case 0:
                yield tag >> 3, size
            case 2:
                yield tag >> 3, data[at : at + size]
                at += size
            case wire:
                raise _unknown(f"wire type {wire}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _unknown(what: str) -> Refusal:
    return Refusal(415, "UnsupportedMediaType", f"{what} is not read in protobuf here: send JSON")

"""Whether two URLs mean the same git repository."""

import re
from urllib.parse import unquote, urlsplit

_SCP = re.compile(r"(?:[^@/]+@)?(?P<host>[^:/]+):(?!//)(?P<path>.+)")
_DEFAULT_PORT = re.compile(r":(?:22|80|443|9418)$")


def same_repository(one: str, other: str) -> bool:
    """True for two spellings of one place: https, ssh or `git@host:path`, user, `.git` and last `/` aside."""
    return _normal(one) == _normal(other)


def _normal(url: str) -> tuple[str, str]:
    """Host (empty for this machine) and path. Only the host ignores case: servers differ about the path."""
    url = url.strip()
    if "://" in url:
        scheme, authority, path = urlsplit(url)[:3]
        host = "" if scheme == "file" else _DEFAULT_PORT.sub("", authority.rpartition("@")[2])
    elif match := _SCP.fullmatch(url):
        host, path = match["host"], match["path"]
    else:
        host, path = "", url
    return host.lower(), unquote(path).strip("/").removesuffix(".git").rstrip("/")

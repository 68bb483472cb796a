"""Which cluster, and who we are there: the kubernetes library reads the kubeconfig, its silences are mended."""

import contextlib
import difflib
import logging
import os
import threading
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiops.clients.login import Patience, bound
from aiops.clients.wording import one_line, reason
from aiops.clock import Pace
from aiops.errors import LoginFailed, WrongUse

if TYPE_CHECKING:
    from kubernetes.client import Configuration

IN_CLUSTER = "in-cluster"
LAB = "aiops.dev/lab"
"""The extension by which a context says that its cluster is a lab, and what time it is there (aiops/lab/lab.py)."""


def locate(kubeconfig: str | None) -> str:
    """The kubeconfig, or the list of them that KUBECONFIG holds."""
    return kubeconfig or os.environ.get("KUBECONFIG") or str(Path("~/.kube/config").expanduser())


def load(context: str | None, kubeconfig: str | None, login: Patience) -> tuple[str, "Configuration", Pace | None]:
    """The context's name, the library's Configuration for it, and of a lab its clock.

    WrongUse for a kubeconfig or context that is not there, LoginFailed for an exec plugin that gives nothing, be it
    for want of time: `login` is about all that it does, also when a credential is renewed.
    """
    import urllib3
    import yaml
    from kubernetes.client import Configuration
    from kubernetes.client.exceptions import OpenApiException
    from kubernetes.config import ConfigException, load_kube_config
    from kubernetes.config.kube_config import KubeConfigMerger, oauthlib  # the latter's errors it lets through

    where = locate(kubeconfig)
    if not any(Path(part).expanduser().exists() for part in where.split(os.pathsep) if part):
        return _in_cluster(where, context)
    configuration = Configuration()
    bound(login)
    try:
        merged = KubeConfigMerger(where).config
        names = [each["name"] for each in merged["contexts"]]
        name = _choose(context, names, merged.safe_get("current-context"), where)
        with overheard() as words:
            load_kube_config(where, name, client_configuration=configuration, persist_config=False)
        entry = merged["contexts"].get_with_name(name).value["context"]
        pace = _pace(entry)
        cluster = merged["clusters"].get_with_name(entry["cluster"])["cluster"]
        if _is_loopback(configuration.host) and "proxy-url" not in cluster:
            configuration.proxy = None  # of the environment, which as for kubectl is not about this machine
    except (urllib3.exceptions.HTTPError, OpenApiException, oauthlib.oauth2.OAuth2Error) as error:
        # an expired OIDC token: the library asks the issuer for another while it loads
        raise LoginFailed(
            f"context {name}: its OIDC token cannot be renewed: {one_line(reason(error))}",
            "look at idp-issuer-url in the kubeconfig, and whether it is reachable from here",
        ) from None
    except (ConfigException, yaml.YAMLError, LookupError, AttributeError, TypeError, ValueError, OSError) as error:
        # `from None` and no further than `{`: the library's words may quote a user's whole entry, token included
        words_of_library = one_line(str(error).partition("{")[0])
        raise WrongUse(
            f"kubeconfig {where}: {words_of_library}", "mend it, or name another with --kubeconfig"
        ) from None
    refuse_silence(words, name)
    if not configuration.verify_ssl:  # the kubeconfig says so: no warning each time
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return name, configuration, pace


def _pace(context: dict[str, Any]) -> Pace | None:
    """The clock of a lab; None of every other cluster."""
    for each in context.get("extensions") or ():
        if each["name"] == LAB:
            time = each["extension"]
            return Pace(began=datetime.fromisoformat(time["began"]), speed=float(time["speed"]))
    return None


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _choose(context: str | None, names: list[str], current: str | None, where: str) -> str:
    wanted = context or current
    if not wanted:
        raise WrongUse(f"kubeconfig {where} has no current context", f"--context: {', '.join(names)}")
    if wanted in names:
        return wanted
    close = difflib.get_close_matches(wanted, names, 1)
    guess = f", did you mean `{close[0]}`?" if close else ""
    raise WrongUse(f"kubeconfig {where} has no context `{wanted}`{guess}", f"contexts: {', '.join(names)}")


def _in_cluster(where: str, context: str | None) -> tuple[str, "Configuration", None]:
    from kubernetes.client import Configuration
    from kubernetes.config import ConfigException, load_incluster_config

    if context not in (None, IN_CLUSTER) or "KUBERNETES_SERVICE_HOST" not in os.environ:
        raise WrongUse(f"no kubeconfig at {where}", "set KUBECONFIG, or name one with --kubeconfig")
    configuration = Configuration()
    try:
        load_incluster_config(client_configuration=configuration)
    except ConfigException as error:
        raise WrongUse(f"the pod's service account cannot be read: {error}", "mount its token") from error
    return IN_CLUSTER, configuration, None


@contextlib.contextmanager
def overheard() -> Iterator[list[str]]:
    """What the library only logs, on the root logger: an exec plugin's failure, after which it would go on
    anonymously (kubernetes-client/python kube_config.py `_load_from_exec_plugin`). Of this thread only."""
    words: list[str] = []
    ear = logging.Handler(logging.ERROR)
    ear.addFilter(lambda record: record.name == "root" and record.thread == threading.get_ident())
    ear.emit = lambda record: words.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    root.addHandler(ear)
    try:
        yield words
    finally:
        root.removeHandler(ear)


def refuse_silence(words: list[str], context: str) -> None:
    """LoginFailed where the library logged that it got no credential."""
    if not words:
        return
    said = "" if "NoneType" in words[0] else f": {one_line(words[0])}"
    raise LoginFailed(
        f"context {context}: the login program of the kubeconfig gave no credential{said}",
        "log in with it by hand (kubectl uses the same program), then run this again",
    )

#!/usr/bin/env python3
"""The lab with thousands of Applications: its memory, the time of a list, and whether a watch keeps up.

    python tests/real/benchmark_lab.py [--many 3000] [--changes 100]

The lab runs as a process of its own; Argo CD leaves the Applications alone (skip-reconcile), as those of many.py.
"""

import argparse
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from base64 import b64decode
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PATH = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications"
SKIP = {"argocd.argoproj.io/skip-reconcile": "true"}


class Api:
    """One connection to the API of a kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        config: Any = json.loads(kubeconfig.read_text())
        where, self._token = config["clusters"][0]["cluster"], config["users"][0]["user"]["token"]
        trust = ssl.create_default_context(cadata=b64decode(where["certificate-authority-data"]).decode())
        url = urlsplit(where["server"])
        self._connection = HTTPSConnection(str(url.hostname), url.port, context=trust)

    def open(self, method: str, path: str, body: object = None, kind: str = "application/json") -> HTTPResponse:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": kind}
        self._connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        return self._connection.getresponse()

    def call(self, *words: Any) -> bytes:
        answer = self.open(*words)
        data = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{words[0]} {words[1]}: {answer.status} {data[:300]!r}")
        return data


def application(number: int) -> dict[str, Any]:
    """One with as many resources as a usual one has."""
    where = {"server": "https://kubernetes.default.svc", "namespace": "default"}
    source = {"repoURL": "https://git.example.com/acme/platform.git", "path": "x", "targetRevision": "main"}
    resources = [
        {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "default", "name": f"d-{each}"}
        for each in range(8)
    ]
    return {
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"name": f"many-{number:04}", "namespace": "argocd", "annotations": SKIP},
        "spec": {"project": "default", "source": source, "destination": where},
        "status": {
            "sync": {"status": "Synced", "comparedTo": {"source": source, "destination": where}},
            "health": {"status": "Healthy"}, "resources": resources,
        },
    }  # fmt: skip


def megabytes(pid: int) -> float:
    """What a process has in memory."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1000 if found else 0.0


def watched(api: Api, version: str, changes: int, pace: float) -> tuple[float, float]:
    """Seconds that so many changes took to be written, and until the watch had shown the last of them."""
    seen = threading.Semaphore(0)

    def watch() -> None:
        with api.open("GET", f"{PATH}?watch=1&resourceVersion={version}") as lines:
            for _ in lines:
                seen.release()

    threading.Thread(target=watch, daemon=True).start()
    began = time.monotonic()
    for number in range(changes):
        time.sleep(max(0.0, began + number / pace - time.monotonic()))
        patch = {"metadata": {"annotations": {"benchmark/change": str(number)}}}
        writer.call("PATCH", f"{PATH}/many-{number % 1000:04}", patch, "application/merge-patch+json")
    written = time.monotonic() - began
    for _ in range(changes):
        if not seen.acquire(timeout=30):
            raise SystemExit("the watch does not keep up")
    return written, time.monotonic() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--many", type=int, default=3000)
    parser.add_argument("--changes", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        lab = subprocess.Popen(
            [sys.executable, "-m", "aiops", "lab", "up"], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "XDG_STATE_HOME": state},
        )  # fmt: skip
        try:
            assert lab.stdout is not None
            line = next(line for line in lab.stdout if "KUBECONFIG=" in line)
            kubeconfig = Path(line.strip().partition("KUBECONFIG=")[2].strip("'\""))
            writer = Api(kubeconfig)
            print(f"empty: {megabytes(lab.pid):.0f} MB")
            began = time.monotonic()
            for number in range(options.many):
                writer.call("POST", PATH, application(number))
            print(f"{options.many} Applications made in {time.monotonic() - began:.1f} s, {megabytes(lab.pid):.0f} MB")
            for turn in ("first", "again"):
                began = time.monotonic()
                listed = json.loads(writer.call("GET", PATH))
                print(f"list, {turn}: {time.monotonic() - began:.2f} s, {len(listed['items'])} items")
            version = listed["metadata"]["resourceVersion"]
            written, shown = watched(Api(kubeconfig), version, options.changes, 100.0)
            print(f"{options.changes} changes in {written:.2f} s, all of them seen after {shown:.2f} s")
            print(f"in the end: {megabytes(lab.pid):.0f} MB")
        finally:
            lab.terminate()
            lab.wait(10)

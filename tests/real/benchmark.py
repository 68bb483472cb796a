"""How fast aiops is, beside what it cannot beat: the floor, and the import of click.

    benchmark.py [TREE]      (TREE: a checkout with a config and a pushed remote; else the sample platform)

Each figure of a bring-up is from an empty cluster: the stack is started anew for it. Nothing else should run
on the machine meanwhile.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ROUNDS, STARTS = 2, 20


def fresh_stack():
    subprocess.run([HERE / "realstack", "down"], check=True)
    lines = subprocess.run([HERE / "realstack", "up"], check=True, capture_output=True, text=True).stdout.splitlines()
    pairs = (line.removeprefix("export ").partition("=") for line in lines)
    return {**os.environ, **{key: value for key, _, value in pairs if key == "KUBECONFIG"}}


def seconds(*command, **kwargs):
    began = time.monotonic()
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL, **kwargs)
    return time.monotonic() - began


def best(*command):
    return min(seconds(*command) for _ in range(STARTS))


def main():
    click, own = best(sys.executable, "-c", "import click"), best(sys.executable, "-m", "aiops", "--help")
    print(f"import click {click * 1000:.0f} ms, aiops --help {own * 1000:.0f} ms: {own / click:.2f} times", flush=True)
    if len(sys.argv) > 1:
        tree = Path(sys.argv[1]).resolve()
    else:
        sys.path.insert(0, str(ROOT))
        from tests.scenarios.repository import Repository

        tree = Repository(Path(tempfile.mkdtemp()), "realstack").work
    for number in range(ROUNDS):
        floor = seconds(sys.executable, HERE / "floor.py", "full", tree, env=fresh_stack())
        environ = fresh_stack()
        aiops = [sys.executable, "-m", "aiops"]
        root = seconds(*aiops, "root", "--profile", "full", "--context", "realstack", cwd=tree, env=environ)
        wait = seconds(*aiops, "wait", "--profile", "full", cwd=tree, env=environ)
        ratio = (root + wait) / floor
        print(f"round {number + 1}: floor {floor:.1f} s, aiops {root:.1f} + {wait:.1f} s: {ratio:.2f} times", flush=True)


main()

"""How fast `aiops doctor` is on a real stack, and whether it keeps its limits: 1 where it does not.

    benchmark_doctor.py TREE [--many COUNT] [--rounds N]      (KUBECONFIG as realstack prints it)

TREE: a checkout whose platform stands at profile full. Every figure is of a whole process, from its start to its end,
its output read by nobody: the best and the median of N (10) rounds, one at a time. Nothing else should run on the
machine meanwhile.

    direct      before the API server itself
    calls       one run through proxy.py: how often each list is asked for (once; its pages are one)
    slow        through proxy.py, which keeps each call waiting for 300 ms; the limit is three times the slowest call
                of that round and one second, and more than half of the rounds have to keep it
    many        with COUNT more Applications (many.py makes them; they stay): time and peak memory (the largest
                resident set of the process, by wait4), the median against 5 s, the largest against 300 MB

Every run has to end with exit 0. Beside it, for comparison: the platform's own Makefile, 25 checks in 2.7 s (given, not
measured here).
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.real.proxy import ApiServer, Proxy  # noqa: E402 - needs the path

DELAY_S = 0.3
SLOW_TIMES, SLOW_PLUS_S = 3, 1.0
MANY_S, MANY_MB = 5.0, 300.0
MAKEFILE = "Makefile's doctor (given): 25 checks in 2.7 s"


@dataclass(frozen=True)
class Ran:
    seconds: float
    megabytes: float


def doctor(tree, context, kubeconfig):
    """One run: how long it took, and its peak memory."""
    words = [sys.executable, "-m", "aiops", "doctor", "--profile", "full", "--context", context]
    began = time.monotonic()
    process = subprocess.Popen(words, cwd=tree, env={**os.environ, "KUBECONFIG": str(kubeconfig)},
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"aiops doctor ended with {process.returncode}: the platform has to stand\n{process.stderr.read().decode()}")
    return Ran(seconds, usage.ru_maxrss / 1024)


def rounds(number, run):
    return [run() for _ in range(number)]


def told(name, runs):
    best, median = min(ran.seconds for ran in runs), statistics.median(ran.seconds for ran in runs)
    print(f"{name:8} best {best:.2f} s, median {median:.2f} s, peak {max(ran.megabytes for ran in runs):.0f} MB", flush=True)


def kept(words, holds):
    print(f"         {'kept' if holds else 'MISSED'}: {words}", flush=True)
    return holds


def slow(number, tree, context, upstream, folder):
    """Each round has a limit of its own."""
    runs, limits = [], []
    for _ in range(number):
        with Proxy(upstream(), folder / "slow", context, delay_s=DELAY_S) as proxy:
            runs.append(doctor(tree, context, proxy.kubeconfig))
            limits.append(SLOW_TIMES * proxy.slowest_s + SLOW_PLUS_S)
    told("slow", runs)
    inside = sum(ran.seconds <= limit for ran, limit in zip(runs, limits, strict=True))
    words = f"{inside} of {number} rounds are inside three times their slowest call and one second"
    return kept(f"{words}: {min(limits):.2f} to {max(limits):.2f} s", inside > number // 2)


def many(number, count, tree, context, kubeconfig):
    subprocess.run([sys.executable, HERE / "many.py", str(count)], check=True)
    runs = rounds(number, lambda: doctor(tree, context, kubeconfig))
    told("many", runs)
    median, peak = statistics.median(ran.seconds for ran in runs), max(ran.megabytes for ran in runs)
    words = f"{count} Applications more, median {median:.2f} s of {MANY_S:g} s, peak {peak:.0f} MB of {MANY_MB:g} MB"
    return kept(words, median <= MANY_S and peak <= MANY_MB)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=Path)
    parser.add_argument("--many", type=int, default=0, metavar="COUNT")
    parser.add_argument("--rounds", type=int, default=10, metavar="N")
    parser.add_argument("--context", default="realstack")
    options = parser.parse_args()
    tree, context, kubeconfig = options.tree.resolve(), options.context, Path(os.environ["KUBECONFIG"])

    def upstream():
        return ApiServer(kubeconfig)

    from aiops.checks import ALL

    told("direct", rounds(options.rounds, lambda: doctor(tree, context, kubeconfig)))
    print(f"         {len(ALL)} checks; {MAKEFILE}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Proxy(upstream(), folder / "calls", context) as proxy:
            doctor(tree, context, proxy.kubeconfig)
        print(f"calls    {len(proxy.seen)} API requests")
        held = [kept("each list once", max(proxy.calls.values()) == 1)]
        held.append(slow(options.rounds, tree, context, upstream, folder))
    if options.many:
        held.append(many(options.rounds, options.many, tree, context, kubeconfig))
    raise SystemExit(0 if all(held) else 1)


main()

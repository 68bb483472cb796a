#!/usr/bin/env python3
"""Records what a real API server answers: tests/lab/answers/*.json, which tests/lab/test_answers.py replays on the lab.

. env.sh; python -m tests.real.record_answers    (from the checkout, on a realstack of its own: its controllers stand
                                                  still meanwhile, so that the answers are the API server's alone)
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.lab.client import Client
from tests.lab.replay import Player
from tests.real.questions import PREPARED, STORIES

ANSWERS = Path(__file__).resolve().parents[1] / "lab" / "answers"
STACK = Path(__file__).with_name("realstack")


def main() -> None:
    admin, viewer = Path(os.environ["KUBECONFIG"]), Path(os.environ["REALSTACK_VIEWER_KUBECONFIG"])
    clients = {
        "admin": Client(admin),
        "viewer": Client(viewer),
        "nobody": Client(admin, ""),
        "stranger": Client(admin, "bad"),
    }
    player = Player(clients)
    for question in PREPARED:
        player.ask(question)
    subprocess.run([sys.executable, STACK, "freeze", "kube-controller-manager"], check=True)
    try:
        for name, story in STORIES.items():
            ANSWERS.mkdir(exist_ok=True)
            answers = [player.ask(question) for question in story]
            (ANSWERS / f"{name}.json").write_text(json.dumps(answers, indent=1) + "\n")
            print(f"{name}: {len(answers)}")
    finally:
        subprocess.run([sys.executable, STACK, "thaw", "kube-controller-manager"], check=True)


if __name__ == "__main__":
    main()

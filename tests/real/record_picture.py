#!/usr/bin/env python3
"""What a terminal shows of a command, as one SVG that plays it: docs/rehearsal.svg is made by

    python tests/real/record_picture.py docs/rehearsal.svg -- aiops rehearse --profile serving

Needs tmux; the drawing is rich's.
"""

import argparse
import re
import shlex
import subprocess
import time
import uuid
from pathlib import Path

from rich.console import Console
from rich.text import Text

FRAME_S, LAST_S = 0.9, 5.0
"""How long a picture is shown, and the last one."""


def tmux(*words: str) -> str:
    return subprocess.run(["tmux", *words], check=True, capture_output=True, text=True).stdout


def screens(command: str, width: int, height: int, every_s: float) -> list[str]:
    """What the terminal showed, each different picture once, until the command has ended."""
    name, done = f"picture-{uuid.uuid4().hex[:6]}", "the-command-has-ended"
    line = f"PS1= ; clear; {command}; tmux wait-for -S {name}; sleep 30 # {done}"
    tmux("new-session", "-d", "-s", name, "-x", str(width), "-y", str(height), "env", "COLORTERM=truecolor", "sh", "-c", line)
    ended = subprocess.Popen(["tmux", "wait-for", name])
    seen: list[str] = []
    while True:
        over = ended.poll() is not None
        screen = tmux("capture-pane", "-e", "-p", "-t", name)
        if screen.strip() and (not seen or screen != seen[-1]):
            seen.append(screen)
        if over:
            break
        time.sleep(every_s)
    tmux("kill-session", "-t", name)
    return seen


def drawn(screen: str, width: int, height: int, title: str, number: int) -> str:
    """One picture, as rich draws it."""
    console = Console(width=width, height=height, record=True, file=open("/dev/null", "w"), force_terminal=True)
    console.print(Text.from_ansi(screen.rstrip("\n") + "\n" * (height - screen.rstrip("\n").count("\n") - 1)), end="")
    return console.export_svg(title=title, unique_id=f"p{number}")


def played(pictures: list[str]) -> str:
    """All pictures in one SVG, one after the other, for ever."""
    box = re.search(r'viewBox="([^"]+)"', pictures[0])[1]
    whole = FRAME_S * (len(pictures) - 1) + LAST_S
    frames, rules = [], []
    for number, picture in enumerate(pictures):
        begin = 100 * FRAME_S * number / whole
        end = 100.0 if number == len(pictures) - 1 else 100 * FRAME_S * (number + 1) / whole
        rules.append(f"@keyframes k{number} {{ 0%, {begin:.3f}% {{ opacity: 0 }} {begin:.3f}%, {end:.3f}% {{ opacity: 1 }} "
                     f"{end:.3f}%, 100% {{ opacity: {1 if end == 100 else 0} }} }}")
        rules.append(f"#s{number} {{ animation: k{number} {whole:.1f}s step-end infinite; "
                     f"opacity: {1 if end == 100 else 0} }}")
        frames.append(f'<g id="s{number}">{picture}</g>')
    style = "<style>" + "\n".join(rules) + "</style>"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{style}{"".join(frames)}</svg>\n'


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--width", type=int, default=100)
    parser.add_argument("--height", type=int, default=30)
    parser.add_argument("--most", type=int, default=14, help="pictures at most")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    command = shlex.join(options.command)
    seen = screens(command, options.width, options.height, 0.25)
    chosen = [seen[round(each * (len(seen) - 1) / (options.most - 1))] for each in range(options.most)] if len(seen) > options.most else seen
    pictures = [drawn(screen, options.width, options.height, command, number) for number, screen in enumerate(chosen)]
    options.file.write_text(played(pictures))
    print(f"{options.file}: {len(pictures)} of {len(seen)} pictures, {options.file.stat().st_size // 1000} KB")

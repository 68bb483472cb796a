"""What a container is started with: its options, whichever way a manifest writes them."""

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from aiops.gitops.parsing import Body, items, texts, value

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh"})
_OF_A_SERVER = ("serve", "--model", "--model-id", "--served-model-name", "--port")
"""By these the server is told from what a script does before it."""
_VARIABLE = re.compile(r"\$\((\w+)\)|\$\{(\w+)\}|\$(\w+)")
"""As Kubernetes and as a shell write one."""


class CommandLine:
    """The words that start a container's server."""

    def __init__(self, container: Body) -> None:
        self.words: Sequence[str] = _words(container)
        self._has_command = bool(value(container, "command"))

    def has(self, *options: str) -> bool:
        """One of the options is there, with or without a value."""
        return any(_name(word) in options for word in self.words)

    def option(self, *names: str) -> str:
        """The value of the first of the options that has one, as `--x=y` or `--x y`; the first of several values."""
        return next((found for name in names if (found := self._value(name))), "")

    def served(self) -> str:
        """The X of `vllm serve X`, which an image may say in its entrypoint; empty where there is none."""
        words = self.words
        after = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "serve"]
        if not after and words and not self._has_command:
            after = [words[0]]
        return next((word for word in after if not word.startswith("-")), "")

    def _value(self, name: str) -> str:
        for word, following in pairwise([*self.words, ""]):
            if _name(word) == name and "=" in word:
                return word.partition("=")[2]
            if _name(word) == name and not following.startswith("-"):
                return following
        return ""


def _words(container: Body) -> list[str]:
    """Command and arguments; where they hand a script to a shell, those of its command that starts the server."""
    environment = {item.get("name"): item.get("value") for item in items(container, "env")}
    words = [_expanded(word, environment) for word in (*texts(container, "command"), *texts(container, "args"))]
    for at, word in enumerate(words[:-1]):
        if word.startswith("-") and word.endswith("c") and words[0].rpartition("/")[2] in _SHELLS:
            commands = list(_commands(words[at + 1]))
            servers = [command for command in commands if any(_is_of_a_server(word) for word in command)]
            return (servers or commands or [[]])[-1]
    return words


def _commands(script: str) -> Iterator[list[str]]:
    """The simple commands of a script. A script that no shell would take is split at its spaces."""
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError:
            words = line.split()
        command: list[str] = []
        for word in words:
            if word and set(word) <= set("();<>|&"):
                yield command
                command = []
            else:
                command.append(word)
        yield command


def _is_of_a_server(word: str) -> bool:
    return _name(word) in _OF_A_SERVER


def _name(word: str) -> str:
    """Of an option; vLLM takes `_` for `-`."""
    return word.partition("=")[0].replace("_", "-")


def _expanded(word: str, environment: Mapping[object, object]) -> str:
    """With the variables whose values the manifest holds; others stay as they are written."""

    def known(match: re.Match[str]) -> str:
        found = environment.get(next(name for name in match.groups() if name))
        return match.group() if found is None else str(found)

    return _VARIABLE.sub(known, word)

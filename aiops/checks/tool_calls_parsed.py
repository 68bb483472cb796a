"""Does vLLM look for tool calls in the form in which its model writes them?"""

import re
from collections.abc import Iterator

from aiops.checks.check import Check, at, of, ok, skip
from aiops.gitops.containers import Placed, containers_of
from aiops.gitops.declared import Declared
from aiops.judge.command_line import CommandLine
from aiops.judge.finding import Finding
from aiops.judge.serving_images import serves_with_vllm

_AUTO, _PARSER, _TEMPLATE = "--enable-auto-tool-choice", "--tool-call-parser", "--chat-template"
_OF_ITS_OWN = re.compile(r"qwen-?2[._-]?5-?coder", re.IGNORECASE)
"""Models that write no <tool_call> tags by the chat template they come with (vllm-project/vllm#32926, PR 33083)."""


def _lint(declared: Declared) -> Iterator[Finding]:
    calling = [
        each
        for each in containers_of(declared)
        if serves_with_vllm(each.container.body) and CommandLine(each.container.body).has(_AUTO)
    ]
    bad = [found for each in calling for found in _judged(declared, each)]
    yield from bad
    if not calling:
        yield skip(f"no vLLM of the tree has {_AUTO}")
    elif not bad:
        yield ok(f"{len(calling)} vLLM servers have a parser for the tool calls of their model")


def _judged(declared: Declared, placed: Placed) -> Iterator[Finding]:
    line = CommandLine(placed.container.body)
    names = (line.option("--model"), line.served(), line.option("--served-model-name"))
    name = next((each for each in names if _OF_ITS_OWN.search(each)), "")
    if not line.has(_PARSER):
        yield Finding(
            status="fail",
            symptom=f"{placed} has {_AUTO} and no {_PARSER}",
            cause="vLLM does not start with the one and without the other",
            fix=f"add {_PARSER} with the parser that fits the model",
            **of(placed.manifest),
            **at(placed.argument(declared, _AUTO)),
        )
    elif name and line.option(_PARSER) == "hermes" and not line.has(_TEMPLATE):
        yield Finding(
            status="warn",
            symptom=f"{placed} looks for tool calls of {name} with the parser hermes",
            cause="by its own chat template this model writes them as plain JSON or in <tools>, which hermes does not"
            " read: with tool_choice auto they end up in the answer's text, and tool_calls is empty",
            fix=f"set {_TEMPLATE} to a template for tool calls, or have clients ask with tool_choice: required",
            **of(placed.manifest),
            **at(placed.argument(declared, _PARSER)),
        )


CHECK = Check(
    slug="tool-calls-parsed",
    group="models",
    title="vLLM reads tool calls in the form in which its model writes them",
    lint=_lint,
)

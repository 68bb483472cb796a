"""What each refusal of a model's server means, and what to do about it: texts, with the facts in braces."""

from collections.abc import Mapping
from typing import NamedTuple

from aiops.judge.finding import Hope


class Advice(NamedTuple):
    """A cause, and the command or sentence that mends it."""

    cause: str
    fix: str


class Rule(NamedTuple):
    """One kind of refusal."""

    what: str
    """The symptom, after the name of who was asked."""
    direct: Advice
    gateway: Advice | None = None
    """Where LiteLLM refuses; None: as `direct`, also where only LiteLLM can refuse so."""
    behind: Advice | None = None
    """Where LiteLLM repeats a refusal of the model behind it; None: as `gateway`."""
    hope: Hope = "yes"


RULES: Mapping[str, Rule] = {
    "unauthorized": Rule(
        "refuses the key",
        Advice("the key of the Secret is not the one that its pod started with", "{restart}"),
        Advice(
            "LiteLLM does not accept this key{kind}",
            "Use the master key of the Secret that LiteLLM started with (after a change: {restart}), or a key that it "
            "still knows.",
        ),
        hope="no",
    ),
    "backend-key": Rule(
        "was refused by the backend of {model}",
        Advice(
            "LiteLLM's own key for the backend is wrong: the caller's key is good",
            "Compare the Secret behind `api_key` of {model} in LiteLLM's model_list with the backend's, then {restart}",
        ),
        hope="no",
    ),
    "no-database": Rule(
        "has no database",
        Advice(
            "without PostgreSQL LiteLLM knows the master key alone: it cannot look up or mint any other",
            "Bring up LiteLLM's database and check its DATABASE_URL, then {restart}",
        ),
        hope="while others move",
    ),
    "forbidden": Rule(
        "does not allow {model}",
        Advice("something in front of the server refuses the caller", "{logs}"),
        Advice("this key may not use {model}{kind}", "Add {model} to the models of the key, or mint one that has it."),
        Advice("the backend of {model}, or a policy before it, refuses LiteLLM", "{logs}"),
        hope="no",
    ),
    "model-unknown": Rule(
        "does not serve {model}",
        Advice("it serves {served}", "Set aiops.models.{name}.name in config.yaml to the name of --served-model-name."),
        Advice("LiteLLM has no alias {model}", "Add {model} to LiteLLM's model_list, or ask for one of its aliases."),
        Advice(
            "the backend does not know the model that LiteLLM's {model} names; it serves {served}",
            "Set `litellm_params.model` of {model} in LiteLLM's model_list to the name that the backend serves.",
        ),
        hope="no",
    ),
    "not-found": Rule(
        "has no such path",
        Advice("something else listens there, or it is not asked at its own port", "{logs}"),
        behind=Advice(
            "the backend of {model} has no such path, or nothing routes to it",
            "Compare `api_base` of {model} in LiteLLM's model_list with the backend's address.",
        ),
        hope="no",
    ),
    "no-tool-parser": Rule(
        "cannot call tools",
        Advice(
            "vLLM was started without --tool-call-parser",
            "Add --enable-auto-tool-choice and --tool-call-parser to the arguments of {who}.",
        ),
        Advice(
            "the vLLM behind {model} was started without --tool-call-parser",
            "Add --enable-auto-tool-choice and --tool-call-parser to the arguments of the model behind {model}.",
        ),
        hope="no",
    ),
    "bad-request": Rule("does not accept the request", Advice("the server's message says why", "{logs}"), hope="no"),
    "budget": Rule(
        "has no budget left for this key",
        Advice("the key has spent its max_budget", "Raise max_budget of the key, or mint a new one."),
        hope="no",
    ),
    "throttled": Rule("asks to slow down", Advice("a rate limit, or too much work at once", "Try again {later}.")),
    "timeout": Rule("was too late", Advice("it is overloaded, or what it asks hangs", "{logs}")),
    "unavailable": Rule(
        "has nobody to answer for {model}",
        Advice("no endpoints: no ready pod stands behind it, or the pod takes no more work", "{logs}"),
        Advice(
            "no endpoints: no backend of {model} is ready, or all of them failed a moment ago",
            "Bring up the model behind {model}, as with `aiops vllm-up`, and try again.",
        ),
    ),
    "backend-down": Rule(
        "cannot reach the backend of {model}",
        Advice(
            "nothing listens at its `api_base`: the model is not up, or the address is wrong",
            "Bring up the model behind {model}, as with `aiops vllm-up`, and try again.",
        ),
    ),
    "server-error": Rule("failed", Advice("an error inside the server", "{logs}")),
    "redirected": Rule(
        "sends elsewhere",
        Advice("a login page, or a proxy, stands in front of it", "Ask the Service itself, not its public address."),
        hope="no",
    ),
    "html": Rule(
        "answers with an HTML page",
        Advice("a login page, or another server, listens there", "Ask the Service itself, not its public address."),
        hope="no",
    ),
    "not-an-answer": Rule("answers with something else", Advice("it is no OpenAI-compatible server", "{logs}")),
}
"""By the id of the finding, without its `smoke.`."""

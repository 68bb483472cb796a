"""LiteLLM as it answers: a master key, virtual keys, aliases, and what it makes of its backends' failures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.serving.exchange import Answer, Events, Seen, Step
from tests.serving.faults import REFUSALS
from tests.serving.keys import Keys
from tests.serving.shapes import NOT_FOUND, Json, litellm_behind, litellm_error
from tests.serving.vllm import Vllm

ADMIN = ("/key/", "/v1/model/info", "/model/info")
POSTS = ("/chat/completions", "/completions", "/embeddings")
NO_DATABASE = {
    "/key/generate": "{'error': 'DB not connected. This endpoint needs a database; set DATABASE_URL to a PostgreSQL "
    "connection string (postgresql://...) to enable it. See https://docs.litellm.ai/docs/proxy/virtual_keys'}",
    "/key/delete": "Not connected to DB!",
}
"""By path: what it says where it has none."""


@dataclass
class Alias:
    """One entry of the model_list, with the backend behind it."""

    model: str
    """As the backend names it."""
    api_base: str = "http://vllm.serving.svc.cluster.local:8000/v1"
    mode: str | None = None
    """model_info.mode, which LiteLLM knows of the models in its price list alone."""
    up: bool = True
    """Somebody listens at api_base."""
    refuses: bool = False
    """The backend refuses LiteLLM's own key."""
    price: float = 0.0
    """Of one call, in dollars; 0: a model without a price, which no budget ever ends."""
    text: str = "pong"
    tools: bool = True
    unparsed: str = ""

    def backend(self, fault: str) -> Vllm:
        return Vllm(self.model, fault=fault, text=self.text, tools=self.tools, unparsed=self.unparsed, gateway=True)


@dataclass
class Litellm:
    """The gateway. Its public fields may be changed at any time."""

    master_key: str
    aliases: dict[str, Alias]
    fault: str = ""
    """Of what callers ask."""
    admin_fault: str = ""
    """Of keys and model info."""
    database: bool = True
    keys: Keys = field(default_factory=Keys)

    def answer(self, seen: Seen) -> Step:
        """What it says."""
        open_ones: Mapping[str, Answer] = {
            "/health/liveliness": Answer(body=b'"I\'m alive!"', headers={"Content-Type": "application/json"}),
            "/health/readiness": Answer(
                body={"status": "healthy", "db": "connected" if self.database else "Not connected"}
            ),
        }
        if seen.method == "GET" and seen.path in open_ones:
            return open_ones[seen.path]
        handler = self._handlers().get((seen.method, seen.path))
        if handler is None:
            return Answer(404, NOT_FOUND)
        if refusal := self._refusal(seen):
            return refusal
        fault = self.admin_fault if seen.path.startswith(ADMIN) else self.fault
        return REFUSALS["litellm"].get(fault) or handler(seen)

    def _handlers(self) -> Mapping[tuple[str, str], Callable[[Seen], Step]]:
        return {
            ("GET", "/v1/models"): lambda _: Answer(body=self._models()),
            ("GET", "/models"): lambda _: Answer(body=self._models()),
            ("GET", "/v1/model/info"): lambda _: Answer(body=self._info()),
            ("GET", "/model/info"): lambda _: Answer(body=self._info()),
            ("POST", "/key/generate"): lambda seen: self.keys.mint(seen.asked or {}),
            ("POST", "/key/delete"): lambda seen: self.keys.delete(seen.asked or {}),
            **{("POST", f"{prefix}{path}"): self._ask for prefix in ("/v1", "") for path in POSTS},
        }

    def _refusal(self, seen: Seen) -> Answer | None:
        if self.fault == "open" or seen.key == self.master_key:
            words = "" if self.database else NO_DATABASE.get(seen.path, "")
            return Answer(500, litellm_error(500, words, "internal_server_error")) if words else None
        if seen.key and not self.database:
            return Answer(400, litellm_error(400, "No connected db.", "no_db_connection"))
        if refusal := self.keys.refusal(seen.key):
            return refusal
        if seen.path.startswith("/key/"):
            words = (
                "Authentication Error, Only proxy admin can be used to generate, delete, update info for new "
                f"keys/users/teams. Route={seen.path}. Your role=unknown. Your user_id=*******"
            )
            return Answer(401, litellm_error(401, words, "auth_error", "None"))
        return None

    def _models(self) -> Json:
        about = {"object": "model", "created": 1677610602, "owned_by": "openai"}
        return {"data": [{"id": name, **about} for name in self.aliases], "object": "list"}

    def _info(self) -> Json:
        return {"data": [_entry(name, alias) for name, alias in self.aliases.items()]}

    def _ask(self, seen: Seen) -> Step:
        asked = seen.asked
        if asked is None:
            return Answer(400, litellm_error(400, "Invalid JSON payload: ", "invalid_request_error"))
        name = str(asked.get("model"))
        if seen.key in self.keys.live and (refusal := self.keys.refusal_of(seen.key, name)):
            return refusal
        alias = self.aliases.get(name)
        if alias is None:
            words = (
                f"Invalid model name passed in model={name}. Call `/v1/models` to view available models for your key."
            )
            return Answer(400, litellm_error(400, f"{seen.path}: {words}", "invalid_request_error"))
        step = self._forward(seen, name, alias)
        if isinstance(step, Events) or (isinstance(step, Answer) and step.status == 200):
            return self._charged(seen, name, alias, step)
        return step

    def _forward(self, seen: Seen, name: str, alias: Alias) -> Step:
        if not alias.up:
            words = "litellm.InternalServerError: InternalServerError: OpenAIException - Connection error."
            return Answer(500, litellm_error(500, litellm_behind(words, name), "internal_server_error"))
        if alias.refuses:
            words = (
                "litellm.AuthenticationError: AuthenticationError: OpenAIException - "
                "Error code: 401 - {'error': 'Unauthorized'}"
            )
            return Answer(401, litellm_error(401, litellm_behind(words, name), "authentication_error"))
        step = self._backend(seen, name, alias)
        if isinstance(step, Answer) and step.status == 400:
            words = f"litellm.BadRequestError: OpenAIException - {_message(step)}"
            return Answer(400, litellm_error(400, litellm_behind(words, name), "BadRequestError"))
        return step

    def _backend(self, seen: Seen, name: str, alias: Alias) -> Step:
        """The backend's answer under the alias's name, which is what LiteLLM gives for model."""
        backend = alias.backend(self.fault)
        backend.model = name
        path = seen.path if seen.path.startswith("/v1") else f"/v1{seen.path}"
        return backend.answer(Seen(seen.method, path, seen.query, seen.headers, seen.raw))

    def _charged(self, seen: Seen, name: str, alias: Alias, step: Answer | Events) -> Step:
        headers = {"x-litellm-version": "1.106.2", "x-litellm-model-group": name, "x-litellm-call-id": "c0ffee"}
        if key := self.keys.live.get(seen.key):
            key.spend += alias.price  # the check is before, the spend after
            headers |= {"x-litellm-key-max-budget": str(key.max_budget), "x-litellm-key-spend": str(key.spend)}
        if isinstance(step, Events):
            return Events(step.lines, step.cut, headers)
        return Answer(step.status, step.body, headers)


def _message(answer: Answer) -> str:
    error = answer.body.get("error", {}) if isinstance(answer.body, dict) else {}
    return str(error.get("message", ""))


def _entry(name: str, alias: Alias) -> Json:
    """BerriAI/litellm: docs/my-website/docs/proxy/model_management.md; issues 4507 and 10096."""
    model = f"openai/{alias.model}"
    return {
        "model_name": name,
        "litellm_params": {
            "api_base": alias.api_base,
            "use_in_pass_through": False,
            "use_litellm_proxy": False,
            "model": model,
        },
        "model_info": {
            "id": f"id-{name}",
            "db_model": False,
            "key": model,
            "max_tokens": None,
            "input_cost_per_token": alias.price,
            "litellm_provider": "openai",
            "mode": alias.mode,
        },
    }

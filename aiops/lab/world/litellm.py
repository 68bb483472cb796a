"""LiteLLM as it answers: a master key, virtual keys, aliases, and what it makes of its backends' failures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from aiops.lab.api.kinds import Json
from aiops.lab.clock import Clock
from aiops.lab.world.exchange import NOT_FOUND, Answer, Request, Server
from aiops.lab.world.virtual_keys import VirtualKeys, error

ASKED = ("/chat/completions", "/completions", "/embeddings")


@dataclass(frozen=True, kw_only=True)
class Alias:
    """An entry of its model_list."""

    name: str
    model: str
    """As the backend names it."""
    api_base: str
    api_key: str
    prices: tuple[float, float] = (0.0, 0.0)
    """Of a token that is read, and of one that is made, in dollars."""


Backends = Callable[[Alias], Server | None]
"""Who stands behind an alias; None: nobody does."""


class Litellm:
    """The gateway, with a database."""

    def __init__(
        self, master_key: str, aliases: Callable[[], Mapping[str, Alias]], backends: Backends, clock: Clock
    ) -> None:
        self._master_key, self._aliases, self._backends = master_key, aliases, backends
        self._keys = VirtualKeys(clock)

    def answer(self, request: Request) -> Answer:
        """What it says."""
        open_ones: dict[str, Json | str] = {
            "/health/liveliness": '"I\'m alive!"',
            "/health/readiness": {"status": "healthy", "db": "connected"},
        }
        if request.method == "GET" and request.path in open_ones:
            return Answer(body=open_ones[request.path])
        act = self._actions().get((request.method, request.path.removeprefix("/v1")))
        if act is None:
            return NOT_FOUND
        return self._refusal(request) or act(request)

    def _actions(self) -> Mapping[tuple[str, str], Callable[[Request], Answer]]:
        return {
            ("GET", "/models"): lambda _: Answer(body=self._models()),
            ("GET", "/model/info"): lambda _: Answer(body={"data": [*map(_info, self._aliases().values())]}),
            ("POST", "/key/generate"): lambda request: self._keys.mint(request.body),
            ("POST", "/key/delete"): lambda request: self._keys.delete(request.body),
            **{("POST", path): self._ask for path in ASKED},
        }

    def _refusal(self, request: Request) -> Answer | None:
        if request.key == self._master_key:
            return None
        if refusal := self._keys.refusal(request.key):
            return refusal
        if request.path.startswith("/key/"):
            words = f"Authentication Error, Only proxy admin can be used to generate keys. Route={request.path}."
            return error(401, words, "auth_error", "None")
        return None

    def _models(self) -> Json:
        about = {"object": "model", "created": 1677610602, "owned_by": "openai"}
        return {"data": [{"id": name, **about} for name in self._aliases()], "object": "list"}

    def _ask(self, request: Request) -> Answer:
        name = str(request.body.get("model"))
        if request.key in self._keys.live and (refusal := self._keys.refusal_of(request.key, name)):
            return refusal
        alias = self._aliases().get(name)
        if alias is None:
            words = f"Invalid model name passed in model={name}. Call `/v1/models` to view available models."
            return error(400, f"{request.path}: {words}", "invalid_request_error")
        backend = self._backends(alias)
        if backend is None:
            words = "litellm.InternalServerError: InternalServerError: OpenAIException - Connection error."
            return error(500, _behind(words, name), "internal_server_error")
        path = f"/v1{request.path.removeprefix('/v1')}"
        body = {**request.body, "model": alias.model}
        answer = backend.answer(replace(request, path=path, key=alias.api_key, body=body))
        return self._passed_on(request, alias, answer)

    def _passed_on(self, request: Request, alias: Alias, answer: Answer) -> Answer:
        if answer.status != 200:
            return _failure(alias.name, answer)
        headers = {"x-litellm-version": "1.106.2", "x-litellm-model-group": alias.name}
        if answer.chunks:
            return replace(answer, headers=headers, chunks=[_chunk(alias.name, each) for each in answer.chunks])
        if isinstance(answer.body, str):
            return answer
        body = {**_without_nulls(answer.body), "model": alias.name}
        counted = body.get("usage", {})
        if key := self._keys.live.get(request.key):
            amounts = (counted.get("prompt_tokens", 0), counted.get("completion_tokens", 0))
            key.spend += sum(price * amount for price, amount in zip(alias.prices, amounts, strict=True))
            headers |= {"x-litellm-key-max-budget": str(key.budget), "x-litellm-key-spend": str(key.spend)}
        return Answer(body=body, headers=headers)


def _failure(alias: str, answer: Answer) -> Answer:
    said = answer.body.get("error") if isinstance(answer.body, dict) else answer.body
    message = said.get("message", "") if isinstance(said, dict) else said
    kind, words = {
        400: ("BadRequestError", f"litellm.BadRequestError: OpenAIException - {message}"),
        401: (
            "authentication_error",
            f"litellm.AuthenticationError: AuthenticationError: OpenAIException - Error code: 401 - {answer.body}",
        ),
        404: ("invalid_request_error", f"litellm.NotFoundError: NotFoundError: OpenAIException - {message}"),
    }.get(answer.status, ("internal_server_error", f"litellm.InternalServerError: OpenAIException - {message}"))
    return error(answer.status, _behind(words, alias), kind)


def _behind(words: str, alias: str) -> str:
    """How it ends the words of a backend."""
    return f"{words}\n\nLiteLLM: model group '{alias}' failed with the error above. No fallback was attempted."


def _chunk(alias: str, chunk: Json) -> Json:
    """Its own shape of vLLM's chunk: the one of the usage has a choice too."""
    return {**chunk, "model": alias, "choices": chunk["choices"] or [{"index": 0, "delta": {}}]}


def _without_nulls(body: Json) -> Json:
    """What vLLM leaves empty, LiteLLM leaves out; but for the content of a call of a tool."""

    def kept(value: object) -> object:
        if isinstance(value, list):
            return [*map(kept, value)]
        return _without_nulls(value) if isinstance(value, dict) else value

    return {key: kept(value) for key, value in body.items() if value not in (None, []) or key == "content"}


def _info(alias: Alias) -> Json:
    """BerriAI/litellm: docs/my-website/docs/proxy/model_management.md."""
    model = f"openai/{alias.model}"
    return {
        "model_name": alias.name,
        "litellm_params": {"api_base": alias.api_base, "model": model, "use_in_pass_through": False},
        "model_info": {
            "id": f"id-{alias.name}", "db_model": False, "key": model, "litellm_provider": "openai", "mode": None,
            "input_cost_per_token": alias.prices[0], "output_cost_per_token": alias.prices[1],
        },
    }  # fmt: skip

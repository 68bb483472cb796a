"""What a refusal says, in every shape that was seen; and what must never be shown of it."""

import pytest

from aiops.judge.answers.said import Said, clean, quoted, said
from aiops.judge.answers.served import judge_models
from aiops.snapshot import Served
from tests.judge.answers import BUDGET, LOGIN, NO_MODEL, NOT_FOUND, UNAUTHORIZED, UNKNOWN_KEY, answer, error

LISTED = '{"object":"list","data":[{"id":"tiny-qwen2","object":"model"},{"id":"lora"}]}'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (UNAUTHORIZED, Said("Unauthorized")),
        (NOT_FOUND, Said("Not Found")),
        (NO_MODEL, Said("The model `nope` does not exist. Valid aliases: tiny-qwen2.", "NotFoundError", 404)),
        (error("a\nb", "x", "422"), Said("a b", "x", 422)),
        (error("a", None, "context_length_exceeded"), Said("a", "", 0)),
        ('{"detail":[{"loc":["body"],"msg":"Field required"}]}', Said('[{"loc": ["body"], "msg": "Field required"}]')),
        ('{"message":"Model is overloaded","type":"overloaded"}', Said("Model is overloaded")),
        ('"Authentication Error, No api key passed in."', Said("Authentication Error, No api key passed in.")),
        ("no healthy upstream", Said("no healthy upstream")),
        (LOGIN, Said("Log in")),
        ("<html><body>502 Bad Gateway</body></html>", Said()),
        (error("a", None, "12345"), Said("a", "", 0)),
        (error("a", None, 500), Said("a", "", 500)),
        ('{"error":{"message":{"error":"No keys found"},"type":null}}', Said('{"error": "No keys found"}')),
        ("", Said()),
        ("{", Said("{")),
        ("[1]", Said("[1]")),
        ('{"error":null}', Said()),
        ("\x1b[31mred", Said("[31mred")),
    ],
)
def test_every_shape(body: str, words: Said) -> None:
    assert said(body.encode()) == words


@pytest.mark.parametrize(
    ("body", "secret"),
    [
        (UNKNOWN_KEY, "2ab0"),
        (UNKNOWN_KEY, "h3LA"),
        (BUDGET, "h3LA"),
        (error("LiteLLM Virtual Key expected. Received=0badcafe, expected to start with 'sk-'."), "0badcafe"),
        (error("bad header: Bearer 0badcafe"), "0badcafe"),
        (error("Cannot connect to http://admin:0badcafe@db:1"), "0badcafe"),
        ('{"error":{"message":"Expired Key","type":"expired_key","param":"sk-0badcafe","code":"401"}}', "0badcafe"),
    ],
)
def test_keys_and_their_hashes_are_not_repeated(body: str, secret: str) -> None:
    assert secret in body
    assert secret not in str(said(body.encode()))


def test_a_word_with_sk_in_it_is_no_key() -> None:
    assert clean("task-force at risk-level 3") == "task-force at risk-level 3"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("pong", '"pong"'), (" a\n\x1b[1mb ", '"a [1mb"'), ("x" * 40, f'"{"x" * 40}"'), ("x" * 41, f'"{"x" * 37}..."')],
)
def test_quoted(text: str, shown: str) -> None:
    assert quoted(text) == shown


@pytest.mark.parametrize(
    ("reply", "served"),
    [
        (answer(200, LISTED), Served(200, ("tiny-qwen2", "lora"))),
        (answer(401, UNAUTHORIZED), Served(401, (), "it answers 401: Unauthorized")),
        (answer(503), Served(503, (), "it answers 503")),
        (answer(200, LOGIN, content_type=""), Served(200, (), "it answers with an HTML page")),
        (answer(200, '{"data":{}}'), Served(200, (), "it answers with something else than a list of models")),
        (answer(200, "{"), Served(200, (), "it answers with something else than a list of models")),
        (answer(200, '{"data":[{"id":7},"x"]}'), Served(200, (), "its list of models is empty")),
    ],
)
def test_the_models_that_are_served(reply: object, served: Served) -> None:
    assert judge_models(reply) == served  # type: ignore[arg-type]

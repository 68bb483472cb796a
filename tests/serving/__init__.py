"""A small OpenAI-like server for tests: vLLM, or LiteLLM in front of it, answering in their real shapes."""

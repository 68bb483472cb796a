"""What is asked of a model's server or of LiteLLM, and the verdict on each answer: one file for each kind of answer.

The shapes are those of real servers, vLLM 0.32 and LiteLLM 1.106. A status alone proves nothing.
"""

#!/usr/bin/env python3
"""Writes which of OpenAI's parameters LiteLLM sends to each of many models: the fixture of `prepare/supported`.

Run with the Python that has `litellm==1.106.2`; the first argument is the fixture: {model: [parameters] or null}.
"""
import json
import os
import sys

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm  # noqa: E402

MODELS = """
openai/gpt-4o openai/gpt-3.5-turbo openai/o3 openai/o1-mini openai/gpt-5 openai/gpt-5.2 openai/gpt-5-chat-latest
openai/gpt-5-search-api openai/gpt-7-next openai/o7-next openai/my-own azure/gpt-4o azure/my-deployment azure/o3-mini azure/gpt-5
azure_ai/mistral-large azure_ai/gpt-4o azure_ai/claude-sonnet-4-5 azure_ai/grok-3 azure_ai/DeepSeek-R1
anthropic/claude-sonnet-4-5 anthropic/claude-3-haiku-20240307 anthropic/claude-3-7-sonnet-20250219
anthropic/claude-opus-4-8 anthropic/claude-newfamily-5 anthropic/claude-next
bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0 bedrock/us.anthropic.claude-opus-4-8-v1:0
bedrock/us.anthropic.claude-newfamily-5-v1:0 bedrock/anthropic.claude-3-haiku-20240307-v1:0
bedrock/invoke/us.anthropic.claude-sonnet-4-5-20250929-v1:0 bedrock/amazon.nova-pro-v1:0 bedrock/amazon.nova-2-lite-v1:0
bedrock/meta.llama3-70b-instruct-v1:0 bedrock/us.meta.llama4-scout-17b-instruct-v1:0 bedrock/mistral.mistral-large-2402-v1:0
bedrock/cohere.command-r-plus-v1:0 bedrock/openai.gpt-oss-120b-1:0 bedrock/us.deepseek.r1-v1:0
bedrock/amazon.titan-text-express-v1 bedrock/invoke/meta.llama3-70b-instruct-v1:0 bedrock/invoke/amazon.nova-pro-v1:0
bedrock/converse/some.new-model-v1:0 bedrock/qwen.qwen3-32b-v1:0 bedrock/ai21.jamba-1-5-large-v1:0
gemini/gemini-2.5-pro gemini/gemini-2.0-flash gemini/gemini-3-pro-preview gemini/gemini-5-flash gemini/gemma-3-27b-it
vertex_ai/gemini-2.5-flash vertex_ai/claude-sonnet-4-5@20250929 vertex_ai/claude-3-haiku@20240307 vertex_ai/mistral-large@2411
vertex_ai/meta/llama-3.3-70b-instruct-maas vertex_ai/gemini-5-pro
cohere/command-r-plus cohere/command-a-03-2025 cohere_chat/command-r-plus cohere_chat/v1/command-r
ollama/llama3.1 ollama_chat/llama3.1 ollama_chat/gpt-oss:20b
groq/llama-3.3-70b-versatile groq/openai/gpt-oss-120b groq/some-new deepseek/deepseek-chat deepseek/deepseek-reasoner
together_ai/meta-llama/Llama-3.3-70B-Instruct-Turbo together_ai/some/new fireworks_ai/accounts/fireworks/models/llama-v3p1-70b-instruct
fireworks_ai/some-new openrouter/anthropic/claude-sonnet-4.5 openrouter/anthropic/claude-newfamily-5 openrouter/openai/gpt-4o
openrouter/openai/gpt-7 openrouter/google/gemini-4-pro openrouter/some/new xai/grok-4 xai/grok-3-mini xai/grok-next
mistral/mistral-large-latest mistral/magistral-medium-latest codestral/codestral-latest perplexity/sonar-pro
perplexity/sonar-reasoning-pro cerebras/llama3.1-8b nvidia_nim/meta/llama-3.1-8b-instruct sambanova/Meta-Llama-3.1-8B-Instruct
deepinfra/meta-llama/Meta-Llama-3.1-70B-Instruct deepinfra/google/gemini-3-pro hosted_vllm/my-own
databricks/databricks-claude-sonnet-4 databricks/databricks-claude-newfamily-5 databricks/databricks-llama moonshot/kimi-k2
wandb/some/new wandb/meta-llama/Llama-3.1-8B-Instruct vercel_ai_gateway/google/gemini-4-pro vercel_ai_gateway/some/new
litellm_proxy/anything lm_studio/x llamafile/x volcengine/doubao zai/glm-4.6 minimax/MiniMax-M2 dashscope/qwen-max
watsonx/ibm/granite-3-8b-instruct github/gpt-4o novita/some nebius/some hyperbolic/some featherless_ai/some
lambda_ai/some github/some meta_llama/Llama-3.3-70B-Instruct ai21_chat/jamba-1.5-large
""".split()


def supported(model):
    try:
        name, provider, _, _ = litellm.get_llm_provider(model)
        return sorted(litellm.get_supported_openai_params(name, custom_llm_provider=provider) or [])
    except Exception as error:
        print(model, error, file=sys.stderr)
        return None


with open(sys.argv[1], "w") as file:
    rows = ",\n".join(f"{json.dumps(model)}: {json.dumps(supported(model))}" for model in MODELS)
    file.write("{\n" + rows + "\n}\n")

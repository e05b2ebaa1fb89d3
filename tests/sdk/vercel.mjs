// Vercel's AI SDK over every simulated provider, through its clients for OpenAI, Anthropic and Google; one line a claim.
//
//     node vercel.mjs GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]
//
// The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.

import assert from "node:assert/strict";
import {
  CACHED, EVERY, PERSON, PIXEL, READ, TEXT, THOUGHT, WRITTEN, failure, gateway, gather, installed, isLeft, key, left, over, run,
} from "./claims.mjs";

const { APICallError, Output, embedMany, generateText, stepCountIs, streamText, tool } = await installed("ai");
const { createOpenAI } = await installed("@ai-sdk/openai");
const { createOpenAICompatible } = await installed("@ai-sdk/openai-compatible");
const { createAnthropic } = await installed("@ai-sdk/anthropic");
const { createGoogleGenerativeAI } = await installed("@ai-sdk/google");
const { z } = await installed("zod");

// The SDK warns of models whose names it does not know.
globalThis.AI_SDK_LOG_WARNINGS = false;

const openai = createOpenAI({ baseURL: `${gateway}/v1`, apiKey: key });
const compatible = createOpenAICompatible({
  name: "gateway", baseURL: `${gateway}/v1`, apiKey: key, includeUsage: true, supportsStructuredOutputs: true,
});
const anthropic = createAnthropic({ baseURL: `${gateway}/v1`, apiKey: key });
const google = createGoogleGenerativeAI({ baseURL: `${gateway}/v1beta`, apiKey: key });
const clients = {
  chat: openai.chat,
  responses: openai.responses,
  compatible: compatible.chatModel,
  anthropic,
  google,
};

const named = (client, models = EVERY) => models.map((model) => `${client}:${model}`);
const model = (name) => {
  const [client, gatewayModel] = name.split(":");
  return clients[client](gatewayModel);
};
// Ids of calls are made of the tool's name in Gemini's format, as LiteLLM does; Mistral refuses such ids.
const CALLING = EVERY.filter((each) => each !== "mistral");
const ALL = [
  ...named("chat"), ...named("compatible"), ...named("anthropic"), ...named("google"), ...named("responses", EVERY),
];
const TOOLS = {
  weather: tool({
    description: "the weather of a city",
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => `7 degrees in ${city}`,
  }),
};
const Person = z.object({
  name: z.string(),
  age: z.number().int(),
  pets: z.array(z.object({ kind: z.string(), name: z.string().nullable() })),
});
const options = (name, prompt, more = {}) => ({ model: model(name), system: "Be brief.", prompt, maxRetries: 0, ...more });
/** Other models than Gemini's are told a result as JSON by Google's client. */
function bothAreTold(text) {
  const [first, second] = [text.indexOf("7 degrees in Kraków"), text.indexOf("7 degrees in Łódź")];
  assert.ok(text.startsWith("The tool said: ") && first >= 0 && second > first, text);
}

over(ALL, "texts are generated", async (name) => {
  const { text, finishReason, usage } = await generateText(options(name, "Hi", { maxOutputTokens: 512 }));
  assert.deepEqual([text, finishReason], [TEXT, "stop"]);
  assert.deepEqual([usage.inputTokens, usage.outputTokens], [READ, WRITTEN]);
});

over(ALL, "texts are streamed", async (name) => {
  const { textStream, finishReason, usage } = streamText(options(name, "Hi"));
  assert.equal((await gather(textStream)).join(""), TEXT);
  assert.deepEqual([await finishReason, (await usage).outputTokens], ["stop", WRITTEN]);
});

over(
  [...named("chat"), ...named("compatible"), ...named("anthropic"), ...named("google", CALLING), ...named("responses", EVERY)],
  "tools are called step by step",
  async (name) => {
    const { text, steps } = await generateText(options(name, "#twice", { tools: TOOLS, stopWhen: stepCountIs(5) }));
    assert.equal(steps.length, 3);
    bothAreTold(text);
  },
);

over(
  [...named("chat"), ...named("compatible"), ...named("anthropic"), ...named("google", CALLING), ...named("responses", EVERY)],
  "tools are called at once in streams",
  async (name) => {
    const { textStream, steps } = streamText(options(name, "#both", { tools: TOOLS, stopWhen: stepCountIs(5) }));
    bothAreTold((await gather(textStream)).join(""));
    assert.deepEqual((await steps)[0].toolCalls.map((call) => call.input.city), ["Kraków", "Łódź"]);
  },
);

const SHAPED = EVERY.filter((each) => each !== "cohere");
const SHAPING = [...named("chat", SHAPED), ...named("compatible", SHAPED), ...named("google", SHAPED), "anthropic:claude"];
over([...SHAPING, ...named("responses", SHAPED)], "objects are generated", async (name) => {
  const { output } = await generateText(options(name, "Who?", { output: Output.object({ schema: Person }) }));
  assert.deepEqual(output, PERSON);
});

over([...named("chat", SHAPED), "google:gemini", "anthropic:claude"], "objects are streamed", async (name) => {
  const { partialOutputStream, output } = streamText(options(name, "Who?", { output: Output.object({ schema: Person }) }));
  await gather(partialOutputStream);
  assert.deepEqual(await output, PERSON);
});

const SEEING = ["gpt", "claude", "gemini", "bedrock", "mistral"];
over([...named("chat", SEEING), ...named("anthropic", SEEING), ...named("google", SEEING)], "pictures are seen", async (name) => {
  const content = [{ type: "text", text: "What is it?" }, { type: "image", image: PIXEL, mediaType: "image/png" }];
  const { text } = await generateText({ model: model(name), maxRetries: 0, messages: [{ role: "user", content }] });
  assert.equal(text, "saw image/png of 70 bytes");
});

over(["anthropic:claude", "anthropic:bedrock"], "thoughts come back with the tool's results", async (name) => {
  const thinking = { anthropic: { thinking: { type: "enabled", budgetTokens: 1024 } } };
  const more = { tools: TOOLS, stopWhen: stepCountIs(5), providerOptions: thinking };
  const { text, steps } = await generateText(options(name, "#twice", more));
  bothAreTold(text);
  assert.deepEqual(steps.map((step) => step.reasoningText), [THOUGHT, THOUGHT, THOUGHT]);
});

over(["google:gemini", "google:gemini-3"], "thoughts of Gemini are told", async (name) => {
  const thinking = { google: { thinkingConfig: { includeThoughts: true, thinkingBudget: 1024 } } };
  const { reasoningText } = await generateText(options(name, "Hi", { providerOptions: thinking }));
  assert.equal(reasoningText, THOUGHT);
});

over(["compatible:claude", "compatible:gemini", "compatible:bedrock"], "thoughts are told in chats", async (name) => {
  const more = { providerOptions: { gateway: { reasoningEffort: "low" } } };
  assert.equal((await generateText(options(name, "Hi", more))).reasoningText, THOUGHT);
  const { fullStream } = streamText(options(name, "Hi", more));
  const pieces = (await gather(fullStream)).filter((part) => part.type === "reasoning-delta");
  assert.equal(pieces.map((part) => part.text).join(""), THOUGHT);
});

over(["chat:gpt", "chat:claude", "anthropic:claude", "google:gemini"], "cached tokens are told", async (name) => {
  const { usage } = await generateText(options(name, "Hi"));
  assert.equal(usage.cachedInputTokens ?? usage.inputTokenDetails?.cacheReadTokens, CACHED);
});

over(["embedding-gpt", "embedding-gemini", "embedding-cohere"], "texts are embedded", async (name) => {
  const { embeddings } = await embedMany({ model: openai.embedding(name), values: ["a", "b"], maxRetries: 0 });
  assert.deepEqual(embeddings, [[0.5, -0.25, 0.125, 1], [1.5, -0.25, 0.125, 1]]);
});

over([...named("chat"), ...named("anthropic"), ...named("google")], "failures are API call errors", async (name) => {
  for (const [status, retryable] of [[400, false], [401, false], [429, true]]) {
    const error = await failure(() => generateText(options(name, `#${status}`)));
    assert.ok(APICallError.isInstance(error), error);
    assert.deepEqual([error.statusCode, error.isRetryable], [status, retryable]);
  }
});

over(["chat:claude", "anthropic:gemini", "google:bedrock"], "an aborted stream closes the provider's", async (name) => {
  const before = await left();
  const controller = new AbortController();
  const { textStream } = streamText(options(name, "#endless", { abortSignal: controller.signal, onError: () => {} }));
  let seen = 0;
  try {
    for await (const _ of textStream) {
      seen += 1;
      if (seen === 4) controller.abort();
    }
  } catch (error) {
    assert.equal(error.name, "AbortError");
  }
  await isLeft(before);
});

await run();

// The official Anthropic SDK of Node over every simulated provider through /v1/messages, one line a claim.
//
//     node messages.mjs GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]
//
// The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.

import assert from "node:assert/strict";
import {
  BOTH, EVERY, PIXEL, READ, SIGNATURE, TEXT, THOUGHT, WRITTEN, failure, gateway, installed, isLeft, key, left, over, run,
} from "./claims.mjs";

const { default: Anthropic } = await installed("@anthropic-ai/sdk");
const client = new Anthropic({ baseURL: gateway, apiKey: key, maxRetries: 0, timeout: 30_000 });
const TOOL = {
  name: "weather",
  description: "the weather of a city",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

const asked = (model, text, more = {}) => ({
  model,
  max_tokens: 2048,
  system: "Be brief.",
  messages: typeof text === "string" ? [{ role: "user", content: text }] : text,
  ...more,
});
const textOf = (message) => message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
const resultsOf = (message) => ({
  role: "user",
  content: message.content
    .filter((block) => block.type === "tool_use")
    .map((use) => ({ type: "tool_result", tool_use_id: use.id, content: `7 degrees in ${use.input.city}` })),
});

over(EVERY, "messages answer", async (model) => {
  const answer = await client.messages.create(asked(model, "Hi"));
  assert.deepEqual([answer.type, answer.stop_reason, textOf(answer)], ["message", "end_turn", TEXT]);
  const usage = answer.usage;
  const read = usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
  assert.deepEqual([read, usage.output_tokens], [READ, WRITTEN]);
});

over(EVERY, "messages stream", async (model) => {
  const stream = client.messages.stream(asked(model, "Hi"));
  let text = "";
  stream.on("text", (piece) => (text += piece));
  const final = await stream.finalMessage();
  assert.deepEqual([text, textOf(final), final.usage.output_tokens], [TEXT, TEXT, WRITTEN]);
});

over(EVERY, "tools are called in two rounds of streams", async (model) => {
  const messages = [{ role: "user", content: "#twice" }];
  for (let round = 0; round < 2; round += 1) {
    const message = await client.messages.stream(asked(model, messages, { tools: [TOOL] })).finalMessage();
    assert.equal(message.stop_reason, "tool_use");
    messages.push({ role: "assistant", content: message.content }, resultsOf(message));
  }
  assert.equal(textOf(await client.messages.create(asked(model, messages, { tools: [TOOL] }))), BOTH);
});

over(EVERY, "tools are called at once and answered", async (model) => {
  const messages = [{ role: "user", content: "#both" }];
  const first = await client.messages.create(asked(model, messages, { tools: [TOOL] }));
  messages.push({ role: "assistant", content: first.content }, resultsOf(first));
  assert.equal(textOf(await client.messages.create(asked(model, messages, { tools: [TOOL] }))), BOTH);
});

over(["claude", "bedrock"], "thoughts come back with the tool's results", async (model) => {
  const more = { tools: [TOOL], thinking: { type: "enabled", budget_tokens: 1024 } };
  const messages = [{ role: "user", content: "#weather" }];
  const first = await client.messages.stream(asked(model, messages, more)).finalMessage();
  const { thinking, signature } = first.content.find((block) => block.type === "thinking");
  assert.deepEqual([thinking, signature], [THOUGHT, SIGNATURE]);
  messages.push({ role: "assistant", content: first.content }, resultsOf(first));
  const last = await client.messages.create(asked(model, messages, more));
  assert.equal(textOf(last), "The tool said: 7 degrees in Kraków");
});

over(["claude", "bedrock", "gpt", "gemini", "mistral"], "pictures are seen", async (model) => {
  const source = { type: "base64", media_type: "image/png", data: PIXEL };
  const content = [{ type: "image", source }, { type: "text", text: "What is it?" }];
  const answer = await client.messages.create(asked(model, [{ role: "user", content }]));
  assert.equal(textOf(answer), "saw image/png of 70 bytes");
});

over(EVERY, "failures are the SDK's own classes", async (model) => {
  const kinds = { 400: Anthropic.BadRequestError, 401: Anthropic.AuthenticationError, 429: Anthropic.RateLimitError };
  for (const [status, kind] of Object.entries(kinds)) {
    const error = await failure(() => client.messages.create(asked(model, `#${status}`)));
    assert.deepEqual([error.constructor.name, error.status], [kind.name, Number(status)]);
    const streamed = await failure(() => client.messages.stream(asked(model, `#${status}`)).finalMessage());
    assert.equal(streamed.constructor.name, kind.name);
  }
});

over(EVERY, "a broken stream is an error and not an end", async (model) => {
  const error = await failure(() => client.messages.stream(asked(model, "#cut")).finalMessage());
  assert.ok(error instanceof Error, error);
});

over(EVERY, "an aborted stream closes the provider's", async (model) => {
  const before = await left();
  const stream = await client.messages.create(asked(model, "#endless", { stream: true }));
  let seen = 0;
  for await (const _ of stream) {
    seen += 1;
    if (seen === 4) stream.controller.abort();
  }
  await isLeft(before);
});

over(["claude", "gemini"], "a client that waits no longer gets its timeout", async (model) => {
  const error = await failure(() => client.messages.create(asked(model, "#slow"), { timeout: 400 }));
  assert.equal(error.constructor.name, Anthropic.APIConnectionTimeoutError.name);
});

await run();

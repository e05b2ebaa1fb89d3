// The official OpenAI SDK of Node over every simulated provider, one line a claim.
//
//     node everywhere.mjs GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]
//
// The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.

import assert from "node:assert/strict";
import {
  BOTH, EVERY, PERSON, PIXEL, READ, TEXT, THOUGHT, WRITTEN, failure, gateway, gather, installed, isLeft, key, left, over, run,
} from "./claims.mjs";

const { default: OpenAI } = await installed("openai");
const { zodResponseFormat } = await installed("openai/helpers/zod");
const { z } = await installed("zod");

const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0, timeout: 30_000 });
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const weather = { name: "weather", description: "the weather of a city", parameters };
const TOOL = { type: "function", function: weather };
const Person = z.object({
  name: z.string(),
  age: z.number().int(),
  pets: z.array(z.object({ kind: z.string(), name: z.string().nullable() })),
});
const SHAPED = EVERY.filter((model) => model !== "cohere");
const question = (content) => [{ role: "system", content: "Be brief." }, { role: "user", content }];

over(EVERY, "chats answer", async (model) => {
  const answer = await client.chat.completions.create({ model, messages: question("Hi") });
  assert.deepEqual([answer.choices[0].message.content, answer.choices[0].finish_reason], [TEXT, "stop"]);
  assert.deepEqual([answer.usage.prompt_tokens, answer.usage.completion_tokens], [READ, WRITTEN]);
});

over(EVERY, "chats stream", async (model) => {
  const stream_options = { include_usage: true };
  const asked = { model, messages: question("Hi"), stream: true, stream_options };
  const chunks = await gather(await client.chat.completions.create(asked));
  assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), TEXT);
  assert.deepEqual(chunks.filter((chunk) => chunk.usage).map((chunk) => chunk.usage.total_tokens), [READ + WRITTEN]);
});

// The SDK sends back what it parsed; Mistral and Cohere refuse such fields, and LiteLLM hands them on.
const OVERLOOKING = EVERY.filter((model) => model !== "mistral" && model !== "cohere");
over(OVERLOOKING, "the SDK runs tools until they are done", async (model) => {
  const run = async ({ city }) => `7 degrees in ${city}`;
  const tool = { type: "function", function: { ...weather, function: run, parse: JSON.parse } };
  const runner = client.chat.completions.runTools({ model, messages: question("#twice"), tools: [tool] });
  assert.equal(await runner.finalContent(), BOTH);
  const streamed = client.chat.completions.runTools({ model, messages: question("#both"), tools: [tool], stream: true });
  assert.equal(await streamed.finalContent(), BOTH);
});

over(SHAPED, "answers are parsed by their schema", async (model) => {
  const response_format = zodResponseFormat(Person, "person");
  const answer = await client.chat.completions.parse({ model, messages: question("Who?"), response_format });
  assert.deepEqual(answer.choices[0].message.parsed, PERSON);
});

over(["gpt", "claude", "gemini", "bedrock", "mistral"], "pictures are seen", async (model) => {
  const picture = { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } };
  const messages = [{ role: "user", content: [{ type: "text", text: "What is it?" }, picture] }];
  const answer = await client.chat.completions.create({ model, messages });
  assert.equal(answer.choices[0].message.content, "saw image/png of 70 bytes");
});

over(["claude", "gemini", "gemini-3", "bedrock", "ollama"], "thoughts come back with the tool's results", async (model) => {
  const messages = question("#weather");
  const asked = { model, tools: [TOOL], reasoning_effort: "low" };
  const { message } = (await client.chat.completions.create({ ...asked, messages })).choices[0];
  assert.equal(message.reasoning_content, THOUGHT);
  messages.push(message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: "7" });
  const last = await client.chat.completions.create({ ...asked, messages });
  assert.equal(last.choices[0].message.content, "The tool said: 7");
});

over(EVERY, "failures are the SDK's own classes", async (model) => {
  const kinds = { 400: "BadRequestError", 401: "AuthenticationError", 429: "RateLimitError", 500: "InternalServerError" };
  for (const [status, kind] of Object.entries(kinds)) {
    for (const stream of [false, true]) {
      const ask = () => client.chat.completions.create({ model, messages: question(`#${status}`), stream });
      assert.equal((await failure(ask)).constructor.name, kind);
    }
  }
});

over(EVERY, "a broken stream is an error and not an end", async (model) => {
  const ask = async () => gather(await client.chat.completions.create({ model, messages: question("#cut"), stream: true }));
  assert.ok((await failure(ask)) instanceof Error);
});

over(EVERY, "an aborted stream closes the provider's", async (model) => {
  const before = await left();
  const stream = await client.chat.completions.create({ model, messages: question("#endless"), stream: true });
  let seen = 0;
  for await (const _ of stream) {
    seen += 1;
    if (seen === 3) stream.controller.abort();
  }
  await isLeft(before);
});

over(["claude", "gemini"], "a client that waits no longer gets its timeout", async (model) => {
  const ask = () => client.chat.completions.create({ model, messages: question("#slow") }, { timeout: 400 });
  assert.equal((await failure(ask)).constructor.name, OpenAI.APIConnectionTimeoutError.name);
});

await run();

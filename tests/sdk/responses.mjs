// The official OpenAI SDK of Node: responses over simulated providers, one line a claim.
//
//     node responses.mjs GATEWAY_URL KEY PROVIDER_URL [PART_OF_A_CLAIM]
//
// The gateway runs with simulated.yaml of this folder, the providers are the folder `simulated`.

import assert from "node:assert/strict";
import { READ, TEXT, WRITTEN, gateway, installed, key, over, run } from "./claims.mjs";

const { default: OpenAI } = await installed("openai");
const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0, timeout: 30_000 });
const MODELS = ["gpt", "claude", "gemini", "bedrock", "ollama", "mistral"];
const TOOL = {
  type: "function",
  name: "weather",
  description: "the weather of a city",
  strict: false,
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

over([...MODELS, "cohere"], "responses answer and stream", async (model) => {
  const answer = await client.responses.create({ model, input: "Hi", instructions: "Be brief." });
  assert.deepEqual([answer.status, answer.output_text], ["completed", TEXT]);
  assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens], [READ, WRITTEN]);
  const stream = client.responses.stream({ model, input: "Hi" });
  const numbers = [];
  for await (const event of stream) numbers.push(event.sequence_number);
  assert.deepEqual(numbers, numbers.map((_, place) => place));
  const message = (await stream.finalResponse()).output.find((item) => item.type === "message");
  assert.equal(message.content[0].text, TEXT);
});

over(MODELS.slice(1), "responses are kept and gone on from", async (model) => {
  const first = await client.responses.create({ model, input: "#both", tools: [TOOL] });
  const calls = first.output.filter((item) => item.type === "function_call");
  const input = calls.map((call) => ({ type: "function_call_output", call_id: call.call_id, output: "7" }));
  const second = await client.responses.create({ model, input, tools: [TOOL], previous_response_id: first.id });
  assert.equal(second.output_text, "The tool said: 7 | 7");
  assert.equal((await client.responses.retrieve(second.id)).id, second.id);
  assert.equal((await client.responses.inputItems.list(second.id)).data.length, 2);
  await client.responses.delete(second.id);
  await assert.rejects(client.responses.retrieve(second.id), OpenAI.NotFoundError);
});

await run();

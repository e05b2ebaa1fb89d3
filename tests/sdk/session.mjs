// The official Node SDK against the gateway, one line a claim. Knows the scripted provider's answers.
//
//     node session.mjs GATEWAY_URL KEY PROVIDER_URL
//
// Exits with 1 if a claim fails. The gateway runs with config.yaml of this folder, the provider is provider.py.

import assert from "node:assert/strict";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../.cache/node/package.json", import.meta.url));
const OpenAI = require("openai");

const [gateway, key, provider] = process.argv.slice(2);
const TEXT = 'Hello from upstream! Zażółć 🚀 "quoted"\n2nd line';
const SPEECH_BYTES = 4096 * 32;
const QUESTION = [{ role: "user", content: "Hi" }];
const TOOL = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};
// The provider must be told within this time; the best of the tries counts, for the machine may be busy.
const CLOSE_LIMIT_MS = 100;
const CLOSE_TRIES = 5;

const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0, timeout: 30_000 });

async function gather(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

/** Awaits the call's error, which must be exactly of the SDK's class `kind`. */
async function raised(kind, status, call) {
  try {
    await call();
  } catch (error) {
    assert.deepEqual([error.constructor.name, error.status], [kind.name, status]);
    return error;
  }
  assert.fail(`no error, want ${kind.name}`);
}

const claims = {
  async "models are listed and found"() {
    const names = (await gather(client.models.list())).map((model) => model.id);
    assert.ok(names.includes("chat") && names.includes("rerank"), names);
    assert.equal((await client.models.retrieve("chat")).id, "chat");
  },

  async "chat answers whole"() {
    const answer = await client.chat.completions.create({ model: "chat", messages: QUESTION });
    assert.equal(answer.model, "chat");
    assert.equal(answer.choices[0].message.content, TEXT);
    assert.equal(answer.choices[0].finish_reason, "stop");
    assert.equal(answer.usage.total_tokens, 34);
  },

  async "chat answers carry the gateway's headers"() {
    const { response } = await client.chat.completions.create({ model: "chat", messages: QUESTION }).withResponse();
    assert.ok(response.headers.get("x-litellm-call-id"));
    assert.equal(response.headers.get("x-litellm-model-group"), "chat");
  },

  async "chat streams"() {
    const stream = await client.chat.completions.create({ model: "chat", messages: QUESTION, stream: true });
    const choices = (await gather(stream)).flatMap((chunk) => chunk.choices);
    assert.equal(choices.map((choice) => choice.delta.content ?? "").join(""), TEXT);
    assert.deepEqual(choices.map((choice) => choice.finish_reason).filter(Boolean), ["stop"]);
  },

  async "chat streams its usage when asked"() {
    const options = { model: "chat", messages: QUESTION, stream: true, stream_options: { include_usage: true } };
    const chunks = await gather(await client.chat.completions.create(options));
    assert.deepEqual(chunks.filter((chunk) => chunk.usage).map((chunk) => chunk.usage.total_tokens), [34]);
  },

  async "the stream helper gathers the answer"() {
    const stream = client.chat.completions.stream({ model: "chat", messages: QUESTION });
    assert.equal(await stream.finalContent(), TEXT);
  },

  async "many at once get their own answers"() {
    const ask = async (number) => {
      const result = { role: "tool", tool_call_id: "call_scripted", content: `number ${number}` };
      const answer = await client.chat.completions.create({ model: "chat", messages: [...QUESTION, result] });
      return answer.choices[0].message.content;
    };
    const numbers = [...Array(20).keys()];
    const answers = await Promise.all(numbers.map(ask));
    assert.deepEqual(answers, numbers.map((number) => `The tool said: number ${number}`));
  },

  async "tools are called and answered"() {
    const first = await client.chat.completions.create({ model: "chat-tools", messages: QUESTION, tools: [TOOL] });
    const message = first.choices[0].message;
    assert.equal(first.choices[0].finish_reason, "tool_calls");
    assert.equal(message.tool_calls[0].function.name, "weather");
    assert.equal(JSON.parse(message.tool_calls[0].function.arguments).city, "Kraków");
    const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: "7 degrees" };
    const messages = [...QUESTION, message, result];
    const second = await client.chat.completions.create({ model: "chat-tools", messages, tools: [TOOL] });
    assert.equal(second.choices[0].message.content, "The tool said: 7 degrees");
  },

  async "tool calls stream in pieces"() {
    const stream = client.chat.completions.stream({ model: "chat-tools", messages: QUESTION, tools: [TOOL] });
    const final = await stream.finalChatCompletion();
    const call = final.choices[0].message.tool_calls[0];
    assert.equal(final.choices[0].finish_reason, "tool_calls");
    assert.deepEqual([call.id, call.function.name], ["call_scripted", "weather"]);
    assert.equal(JSON.parse(call.function.arguments).city, "Kraków");
  },

  async "text completions answer"() {
    const answer = await client.completions.create({ model: "text", prompt: "Once upon a time" });
    assert.equal(answer.choices[0].text, TEXT);
  },

  async "embeddings answer packed and plain"() {
    for (const encoding of [{}, { encoding_format: "float" }]) {
      const answer = await client.embeddings.create({ model: "embedding", input: ["first", "second"], ...encoding });
      assert.deepEqual(Array.from(answer.data[1].embedding), [1.5, -0.25, 0.125, 1]);
    }
  },

  async "images are made"() {
    const answer = await client.images.generate({ model: "image", prompt: "a cat", n: 1 });
    assert.match(Buffer.from(answer.data[0].b64_json, "base64").toString(), /^an image/);
  },

  async "speech is relayed byte for byte"() {
    const answer = await client.audio.speech.create({ model: "speech", voice: "alloy", input: "Hello" });
    assert.equal((await answer.arrayBuffer()).byteLength, SPEECH_BYTES);
  },

  async "audio is uploaded whole"() {
    const audio = Buffer.alloc(300_000, 7);
    const file = await OpenAI.toFile(audio, "talk.wav");
    const answer = await client.audio.transcriptions.create({ model: "transcription", file, language: "pl" });
    assert.match(answer.text, /file=talk.wav bytes=300000 /);
    assert.match(answer.text, /fields=[^ ]*\blanguage\b/);
  },

  async "moderations answer"() {
    const answer = await client.moderations.create({ model: "moderation", input: "hate" });
    assert.equal(answer.results[0].flagged, true);
  },

  async "rerank answers"() {
    const body = { model: "rerank", query: "q", documents: ["first", "second"], top_n: 2 };
    const answer = await client.post("/rerank", { body });
    assert.deepEqual(answer.results.map((result) => result.index), [1, 0]);
  },

  async "provider errors are the SDK's own classes"() {
    const expected = [
      [400, OpenAI.BadRequestError],
      [401, OpenAI.AuthenticationError],
      [404, OpenAI.NotFoundError],
      [429, OpenAI.RateLimitError],
      [500, OpenAI.InternalServerError],
      [503, OpenAI.InternalServerError],
    ];
    for (const [status, kind] of expected) {
      const ask = () => client.chat.completions.create({ model: `chat-${status}`, messages: QUESTION });
      assert.equal((await raised(kind, status, ask)).code, String(status));
    }
  },

  async "a refused stream is an error and not a stream"() {
    const ask = () => client.chat.completions.create({ model: "chat-429", messages: QUESTION, stream: true });
    await raised(OpenAI.RateLimitError, 429, ask);
  },

  async "an unknown model is a bad request"() {
    const ask = () => client.chat.completions.create({ model: "no-such-model", messages: QUESTION });
    assert.match((await raised(OpenAI.BadRequestError, 400, ask)).message, /no-such-model/);
  },

  async "a call without key is not authenticated"() {
    const options = { headers: { Authorization: null } };
    const ask = () => client.chat.completions.create({ model: "chat", messages: QUESTION }, options);
    assert.equal((await raised(OpenAI.AuthenticationError, 401, ask)).type, "auth_error");
  },

  async "leaving a stream closes the provider's"() {
    const latencies = [];
    for (let number = 0; number < CLOSE_TRIES; number += 1) {
      latencies.push(await closeLatencyMs(`node ${number} ${performance.timeOrigin + performance.now()}`));
    }
    assert.ok(Math.min(...latencies) < CLOSE_LIMIT_MS, latencies.join(", "));
  },
};

/** Leaves an endless stream after three chunks; how long the provider then went on. */
async function closeLatencyMs(tag) {
  const messages = [{ role: "user", content: tag }];
  const stream = await client.chat.completions.create({ model: "chat-endless", messages, stream: true });
  let seen = 0;
  for await (const _ of stream) {
    seen += 1;
    if (seen === 3) break;
  }
  const leftAt = performance.now();
  while (performance.now() < leftAt + 15_000) {
    const answer = await fetch(`${provider}/__closed?tag=${encodeURIComponent(tag)}`);
    const known = await answer.json();
    if (known.closed) return performance.now() - leftAt - known.closed_ms_ago;
    await new Promise((resume) => setTimeout(resume, 5));
  }
  assert.fail("the provider's stream is still open after 15 s");
}

let failed = 0;
for (const [name, check] of Object.entries(claims)) {
  try {
    await check();
    console.log(`ok - ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED - ${name}\n${error.stack}`);
  }
}
console.log(`node: ${Object.keys(claims).length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);

// How a session of Node states its claims, one line each, and ends with 1 if one fails. Knows no SDK.
//
//     over(["claude", "gemini"], "a thing holds", async (model) => { … });
//     await run();
//
// A session's arguments are GATEWAY_URL KEY PROVIDER_URL, and part of a claim to run alone.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [gateway, key, provider, wanted] = process.argv.slice(2);
export { gateway, key, provider };

const require = createRequire(new URL("../../.cache/node/package.json", import.meta.url));
/** A module of `.cache/node`. */
export const installed = (name) => import(pathToFileURL(require.resolve(name)));

// What the simulated models say and count: simulated/script.py.
export const TEXT = 'Hello from upstream! Zażółć 🚀 "quoted"\n2nd line';
export const THOUGHT = "The user greets me. I greet back: cześć!";
export const SIGNATURE = "c2lnbmVkLWJ5LXRoZS1wcm92aWRlcg==";
export const PERSON = { name: "Zażółć Gęślą", age: 36, pets: [{ kind: "cat", name: "Mruczek" }] };
export const BOTH = "The tool said: 7 degrees in Kraków | 7 degrees in Łódź";
export const [READ, CACHED, WRITTEN, THOUGHTS] = [100, 40, 50, 20];
export const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const EVERY = ["gpt", "claude", "gemini", "gemini-3", "bedrock", "ollama", "mistral", "cohere"];

const claims = [];

export function over(models, name, check) {
  for (const model of models) claims.push([`${name} ${model}`, () => check(model)]);
}

export async function gather(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Awaits the call's error. */
export async function failure(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  assert.fail("no error");
}

export async function left() {
  return (await (await fetch(`${provider}/__left`)).json()).left;
}

/** Waits until one more endless stream was left by its caller than `before`. */
export async function isLeft(before) {
  const end = performance.now() + 15_000;
  while (performance.now() < end) {
    if ((await left()) > before) return;
    await new Promise((resume) => setTimeout(resume, 20));
  }
  assert.fail("the provider goes on 15 s after the client left");
}

// A stream that fails also rejects what nobody awaits any more; the claim has failed by then.
process.on("unhandledRejection", () => {});

export async function run() {
  let failed = 0;
  const chosen = claims.filter(([name]) => name.includes(wanted ?? ""));
  for (const [name, check] of chosen) {
    try {
      await check();
      console.log(`ok - ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED - ${name}\n${error.stack}\n${error.responseBody ?? ""}`);
    }
  }
  console.log(`${chosen.length - failed} claims hold, ${failed} fail`);
  process.exit(failed ? 1 : 0);
}

#!/usr/bin/env node
// Stands where Prisma's query engine binary would stand: Prisma's own engine, as WebAssembly, behind the HTTP protocol
// that the Python client speaks to the binary. The client and LiteLLM are unchanged; only the text of a query is turned
// from GraphQL, which the WebAssembly build does not read, into the engine's JSON form. Knows nothing of LiteLLM.
//
//   engine.js -p PORT            with PRISMA_DML_PATH, DATABASE_URL, and NODE_PATH naming the folder of @prisma/client
const fs = require("fs");
const http = require("http");
const path = require("path");
const { Pool } = require("pg");
const { PrismaPg } = require("@prisma/adapter-pg");
const { bindAdapter } = require("@prisma/driver-adapter-utils");

const VERSION = "query-engine 393aa359c9ad4a4bb28630fb5613f9c281cde053";
const ACTIONS = [
  ["findUnique", "OrThrow"], ["findFirst", "OrThrow"], ["findMany"], ["createOne"], ["createMany"], ["updateOne"],
  ["updateMany"], ["upsertOne"], ["deleteOne"], ["deleteMany"], ["aggregate"], ["groupBy"],
];

function loadEngine() {
  const folder = path.join(path.dirname(require.resolve("@prisma/client/package.json")), "runtime");
  const bound = require(path.join(folder, "query_engine_bg.postgresql.js"));
  const module = new WebAssembly.Module(fs.readFileSync(path.join(folder, "query_engine_bg.postgresql.wasm")));
  bound.__wbg_set_wasm(new WebAssembly.Instance(module, { "./query_engine_bg.js": bound }).exports);
  return bound.QueryEngine;
}

const TOKEN = /\s*(?:([A-Za-z_][A-Za-z0-9_]*)|("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([{}()\[\]:]))|[\s,]+/gy;

function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (!match) throw new Error("unreadable query at: " + text.slice(at, at + 80));
    if (match[1] !== undefined) found.push({ name: match[1] });
    else if (match[2] !== undefined) found.push({ value: JSON.parse(match[2]) });
    else if (match[3] !== undefined) found.push({ value: number(match[3]) });
    else if (match[4] !== undefined) found.push({ mark: match[4] });
  }
  return found;
}

// A whole number beyond what JavaScript holds exactly is a BigInt column's.
function number(text) {
  const value = Number(text);
  return /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? { $type: "BigInt", value: text } : value;
}

class Reader {
  constructor(text) {
    this.tokens = tokens(text);
    this.at = 0;
  }

  takes(mark) {
    const found = this.tokens[this.at]?.mark === mark;
    if (found) this.at += 1;
    return found;
  }

  next() {
    return this.tokens[this.at++];
  }

  fields(end) {
    const read = {};
    while (!this.takes(end)) {
      const name = this.next().name;
      this.next();
      read[name] = this.value();
    }
    return read;
  }

  value() {
    if (this.takes("{")) return this.fields("}");
    if (this.takes("[")) {
      const list = [];
      while (!this.takes("]")) list.push(this.value());
      return list;
    }
    const token = this.next();
    if (token.name === undefined) return token.value;
    return { true: true, false: false, null: null }[token.name] ?? (token.name === "null" ? null : token.name);
  }

  selection() {
    const selected = {};
    while (!this.takes("}")) {
      const name = this.next().name;
      const args = this.takes("(") ? this.fields(")") : undefined;
      const inner = this.takes("{") ? this.selection() : undefined;
      selected[name] = args || inner ? { arguments: args ?? {}, selection: inner ?? {} } : true;
    }
    return selected;
  }

  operation() {
    this.next(); // query or mutation
    this.next(); // {
    this.next(); // result
    this.next(); // :
    const called = this.next().name;
    const args = this.takes("(") ? this.fields(")") : {};
    const selection = this.takes("{") ? this.selection() : {};
    return { called, args, selection };
  }
}

function translated(text) {
  const { called, args, selection } = new Reader(text).operation();
  if (called === "queryRaw" || called === "executeRaw") return { action: called, query: { arguments: args, selection: {} } };
  for (const [action, suffix] of ACTIONS) {
    if (!called.startsWith(action)) continue;
    const rest = called.slice(action.length);
    const strict = suffix && rest.endsWith(suffix);
    const modelName = strict ? rest.slice(0, -suffix.length) : rest;
    return { modelName, action: strict ? action + suffix : action, query: { arguments: tagged(modelName, args), selection } };
  }
  throw new Error("unknown action " + called);
}

// Each model's fields and their types, of which only Json and other models' names matter here.
function modelsOf(schema) {
  const models = {};
  for (const [, name, body] of schema.matchAll(/^model (\w+) \{\n([\s\S]*?)^\}/gm)) {
    models[name] = Object.fromEntries([...body.matchAll(/^\s*(\w+)\s+(\w+)/gm)].map(([, field, type]) => [field, type]));
  }
  return models;
}

const MODELS = process.env.PRISMA_DML_PATH ? modelsOf(fs.readFileSync(process.env.PRISMA_DML_PATH, "utf8")) : {};
const JSON_OPERANDS = ["set", "equals", "not", "array_contains", "array_starts_with", "array_ends_with"];

// In GraphQL a JSON column's value is a string holding JSON; the JSON form wants it told apart from a string.
function jsonValue(value) {
  if (typeof value === "string") return { $type: "Json", value };
  if (Array.isArray(value)) return value.map(jsonValue);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, JSON_OPERANDS.includes(name) ? jsonValue(inner) : inner]));
}

function tagged(model, value) {
  if (Array.isArray(value)) return value.map((inner) => tagged(model, inner));
  if (value === null || typeof value !== "object" || "$type" in value) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => {
    const type = MODELS[model]?.[name];
    return [name, type === "Json" ? jsonValue(inner) : tagged(type in MODELS ? type : model, inner)];
  }));
}

// The JSON form tags what GraphQL sends bare.
function untagged(value) {
  if (Array.isArray(value)) return value.map(untagged);
  if (value === null || typeof value !== "object") return value;
  if (value.$type === "DateTime") return value.value;
  if ("$type" in value) return value.value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, untagged(inner)]));
}

function renamed(answer) {
  if (answer.errors) return answer;
  const raw = Object.values(answer.data)[0];
  const rows = raw && typeof raw === "object" && "columns" in raw && "rows" in raw;
  return { data: { result: rows ? raw : untagged(raw) } };
}

async function query(engine, registry, body, transaction) {
  const asked = JSON.parse(body);
  const many = Array.isArray(asked.batch);
  const wanted = many
    ? { batch: asked.batch.map((one) => translated(one.query)), ...(asked.transaction ? { transaction: {} } : {}) }
    : translated(asked.query);
  const answer = JSON.parse(await engine.query(JSON.stringify(wanted), "{}", transaction));
  for (const error of answer.errors ?? []) explain(error, registry);
  if (many) return answer.errors ? answer : { batchResult: answer.batchResult.map(renamed) };
  return renamed(answer);
}

function explain(error, registry) {
  if (error.user_facing_error?.meta?.code !== "42P01") console.error("refused: " + JSON.stringify(error).slice(0, 2000));
  const id = error.user_facing_error?.meta?.id;
  if (error.user_facing_error?.error_code === "P2036" && id !== undefined) {
    error.error = String(registry.consumeError(id)?.error);
    console.error("the database driver failed: " + error.error);
  }
}

async function answered(engine, registry, request, body) {
  const url = request.url.split("?")[0];
  if (url === "/status") return { status: "ok" };
  if (url === "/transaction/start") {
    const { timeout, max_wait } = JSON.parse(body);
    return JSON.parse(await engine.startTransaction(JSON.stringify({ timeout, max_wait }), "{}"));
  }
  const ended = /^\/transaction\/([^/]+)\/(commit|rollback)$/.exec(url);
  if (ended) return JSON.parse(await engine[ended[2] + "Transaction"](ended[1], "{}"));
  if (url === "/") return query(engine, registry, body, request.headers["x-transaction-id"]);
  return { counters: [], gauges: [], histograms: [] };
}

// The adapter refuses a few types of PostgreSQL's own that the binary reads as text: here name[].
const READ_AS = { 1003: 1009 };

function readable(client) {
  const ask = client.query.bind(client);
  client.query = async (...wanted) => {
    const answer = await ask(...wanted);
    for (const field of answer?.fields ?? []) field.dataTypeID = READ_AS[field.dataTypeID] ?? field.dataTypeID;
    return answer;
  };
  return client;
}

async function serve(port) {
  const Engine = loadEngine();
  const pool = new Pool({ connectionString: process.env.DATABASE_URL.split("?")[0], max: 10 });
  readable(pool);
  const adapter = bindAdapter(new PrismaPg(pool));
  const options = { datamodel: fs.readFileSync(process.env.PRISMA_DML_PATH, "utf8"), logLevel: "error", logQueries: false, datasourceOverrides: {}, env: process.env };
  const engine = new Engine(options, () => {}, adapter);
  await engine.connect("{}");
  const server = http.createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", async () => {
      let answer;
      try {
        answer = await answered(engine, adapter.errorRegistry, request, Buffer.concat(parts).toString());
      } catch (failure) {
        console.error(failure);
        answer = { errors: [{ error: String(failure.message ?? failure), user_facing_error: { message: String(failure.message ?? failure) } }] };
      }
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(port, "localhost");
  process.on("SIGINT", () => process.exit(0));
  process.on("SIGTERM", () => process.exit(0));
}

if (process.argv.includes("--version")) console.log(VERSION);
else serve(Number(process.argv[process.argv.indexOf("-p") + 1]));

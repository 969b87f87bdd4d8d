// One of the TypeScript SDK's clients on hearth: lists the tools, asks for the status, remembers a note, finds it.
//
//   sdk.mjs legacy|modern stdio COMMAND ARGUMENT…
//   sdk.mjs legacy|modern http URL [TOKEN_FILE]
//
// legacy is @modelcontextprotocol/sdk 1.x, modern @modelcontextprotocol/client 2.x held to 2026-07-28. They are
// found under HEARTH_NODE_MODULES; HEARTH_TEST_PID is the daemon that must answer. Prints a line of what was seen.
import assert from "node:assert/strict";
import fs from "node:fs";
import { createRequire } from "node:module";

process.on("uncaughtException", (error) => {
  console.error(error.message);
  process.exit(1);
});
const [era, wire, target, ...rest] = process.argv.slice(2);
const require = createRequire(process.env.HEARTH_NODE_MODULES + "/");
const revision = era === "modern" ? "2026-07-28" : "2025-11-25";
const sdk =
  era === "modern"
    ? { ...require("@modelcontextprotocol/client"), ...require("@modelcontextprotocol/client/stdio") }
    : {
        ...require("@modelcontextprotocol/sdk/client/index.js"),
        ...require("@modelcontextprotocol/sdk/client/stdio.js"),
        ...require("@modelcontextprotocol/sdk/client/streamableHttp.js"),
      };

const over = {
  stdio: () => new sdk.StdioClientTransport({ command: target, args: rest, env: process.env, stderr: "inherit" }),
  http: () => {
    const headers = rest[0] ? { Authorization: `Bearer ${fs.readFileSync(rest[0], "utf8").trim()}` } : {};
    return new sdk.StreamableHTTPClientTransport(new URL(target), { requestInit: { headers } });
  },
};
const transport = over[wire]();
// The 1.x client tells its transport which revision was agreed on, and keeps it to itself.
let agreed;
if (era === "legacy") {
  const keep = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (version) => {
    agreed = version;
    keep?.(version);
  };
}
const client = new sdk.Client(
  { name: `hearth-test-${era}`, version: "1" },
  era === "modern" ? { versionNegotiation: { mode: { pin: revision } } } : {},
);

const call = async (name, args) => {
  const result = await client.callTool({ name, arguments: args });
  assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
  return result.structuredContent;
};

await client.connect(transport);
assert.equal(era === "modern" ? client.getNegotiatedProtocolVersion() : agreed, revision);
const { tools } = await client.listTools();
for (const name of ["hearth_status", "knowledge_remember", "knowledge_search"])
  assert.ok(tools.some((tool) => tool.name === name), `${name} is not in the list`);
const status = await call("hearth_status", {});
assert.equal(String(status.pid), process.env.HEARTH_TEST_PID, "another daemon answered");
const word = `${era}${wire}${process.pid}`;
const note = await call("knowledge_remember", { title: `From ${era} over ${wire}`, text: `The word is ${word}.` });
const found = await call("knowledge_search", { query: word });
assert.equal(found.hits[0]?.id, note.id); // another client's, with a word much like it, may follow
const { name } = client.getServerVersion();
await client.close();
console.log(`${name} ${status.version}, ${revision}, ${tools.length} tools, a note found`);

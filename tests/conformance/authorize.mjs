// Loaded before the suite (`node --import`): the suite cannot send a token, so this adds the daemon's to every
// request it makes. It reaches the server by fetch and undici, which share a dispatcher, and by node:http.
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";

const bearer = `Bearer ${fs.readFileSync(process.env.HEARTH_TOKEN_FILE, "utf8").trim()}`;
const { getGlobalDispatcher, setGlobalDispatcher } = createRequire(process.env.HEARTH_NODE_MODULES + "/")("undici");

// undici takes headers as a flat list of names and values, as pairs, or as an object.
const authorized = (headers) => {
  if (Array.isArray(headers)) return [...headers, "authorization", bearer];
  const pairs = headers?.[Symbol.iterator] ? [...headers] : Object.entries(headers ?? {});
  return { ...Object.fromEntries(pairs), authorization: bearer };
};

setGlobalDispatcher(
  getGlobalDispatcher().compose(
    (dispatch) => (options, handler) => dispatch({ ...options, headers: authorized(options.headers) }, handler),
  ),
);

const request = http.request;
http.request = (options, ...rest) =>
  request({ ...options, headers: { ...options.headers, authorization: bearer } }, ...rest);

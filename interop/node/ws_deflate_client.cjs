// The npm package ws as a compressing client of the echo server: node ws_deflate_client.cjs URL
// Standard input is JSON: `offers`, each the options of one connection's compression, and
// `messages`, each `{text}` or `{base64}`. Ends with 1 and a word about what went wrong.
"use strict";
const { once } = require("node:events");
const { readFileSync } = require("node:fs");
const WebSocket = require("ws");
const { expect } = require("./checks.cjs");

const url = process.argv[2];
const { offers, messages } = JSON.parse(readFileSync(0));
const wanted = messages.map(({ text, base64 }) => text ?? Buffer.from(base64, "base64"));
wanted.push("in" + "pieces ".repeat(100));

async function exchange(perMessageDeflate) {
  const ws = new WebSocket(url, { perMessageDeflate, maxPayload: 1 << 28 });
  const [response] = await once(ws, "upgrade");
  const answer = response.headers["sec-websocket-extensions"];
  const received = new Promise((resolve, reject) => {
    const echoes = [];
    ws.on("message", (data, isBinary) => {
      echoes.push(isBinary ? data : data.toString());
      if (echoes.length === wanted.length) resolve(echoes);
    });
    ws.on("close", (code) => reject(new Error(`closed with ${code}`)));
    ws.on("error", reject);
  });
  // Whatever becomes of it before it is waited for is told when it is.
  received.catch(() => {});
  if (ws.readyState !== WebSocket.OPEN) await once(ws, "open");
  // ws has made sure that it may be answered so.
  expect(Boolean(ws.extensions), true, "agreed to anything");
  for (const message of wanted.slice(0, -1)) ws.send(message);
  ws.send("in", { fin: false });
  ws.send("", { fin: false });
  ws.send("pieces ".repeat(100), { fin: true });
  expect(await received, wanted, `answered ${answer}: echoes`);
  ws.close();
}

(async () => {
  for (const offer of offers) {
    try {
      await exchange(offer);
    } catch (error) {
      console.error(`offered ${JSON.stringify(offer)}: ${error.message}`);
      process.exit(1);
    }
  }
  process.exit(0);
})();

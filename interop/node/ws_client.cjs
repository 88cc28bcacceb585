// The npm package ws as a client of the echo server: node ws_client.cjs URL SUBPROTOCOL
"use strict";
const { once } = require("node:events");
const WebSocket = require("ws");
const { BIG, BINARY, CLOSES, HALF_A_FRAME, PIPELINED, TEXT, expect, expectClose, run } =
  require("./checks.cjs");

const [url, subprotocol] = process.argv.slice(2);

async function open(protocols = []) {
  const ws = new WebSocket(url, protocols, { maxPayload: 1 << 28 });
  await once(ws, "open");
  return ws;
}

// Resolves with the next `count` messages; text as strings, binary as Buffers.
function receive(ws, count) {
  return new Promise((resolve, reject) => {
    const messages = [];
    ws.on("message", (data, isBinary) => {
      messages.push(isBinary ? data : data.toString());
      if (messages.length === count) resolve(messages);
    });
    ws.once("close", (code) => reject(new Error(`closed with ${code}`)));
    ws.once("error", reject);
  });
}

async function echo(message) {
  const ws = await open();
  const received = receive(ws, 1);
  ws.send(message);
  expect((await received)[0], message, "echo");
  ws.close();
}

run({
  text: () => echo(TEXT),
  binary: () => echo(BINARY),
  empty: async () => {
    await echo("");
    await echo(Buffer.alloc(0));
  },
  "16 MiB": () => echo(BIG),
  fragmented: async () => {
    const ws = await open();
    const received = receive(ws, 1);
    ws.send("Hel", { fin: false });
    ws.send("lo ", { fin: false });
    ws.ping("between");
    ws.send("you", { fin: true });
    expect((await received)[0], "Hello you", "echo");
    ws.close();
  },
  "1000 pipelined": async () => {
    const ws = await open();
    const received = receive(ws, PIPELINED.length);
    for (const message of PIPELINED) ws.send(message);
    expect(await received, PIPELINED, "echoes");
    ws.close();
  },
  "close codes": async () => {
    for (const close of CLOSES) {
      const ws = await open();
      const closed = once(ws, "close");
      ws.close(...close);
      const [code, reason] = await closed;
      expectClose(close, code, reason.toString());
    }
  },
  ping: async () => {
    const ws = await open();
    const answered = once(ws, "pong");
    ws.ping("payload");
    expect((await answered)[0].toString(), "payload", "payload of the pong");
    ws.close();
  },
  subprotocol: async () => {
    const ws = await open(["unknown.example", subprotocol]);
    expect(ws.protocol, subprotocol, "subprotocol");
    ws.close();
  },
  "abrupt end": async () => {
    const ws = await open();
    ws.on("error", () => {});
    await new Promise((written) => ws._socket.write(HALF_A_FRAME, written));
    ws._socket.resetAndDestroy();
    await echo("the next one");
  },
});

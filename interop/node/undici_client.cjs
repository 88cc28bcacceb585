// The npm package undici, Node's own WebSocket, as a client of the echo
// server: node undici_client.cjs URL SUBPROTOCOL
// The WHATWG interface cannot send a fragmented message.
"use strict";
const { once } = require("node:events");
const diagnostics = require("node:diagnostics_channel");
const { Agent, WebSocket, buildConnector, ping } = require("undici");
const { BIG, BINARY, CLOSES, HALF_A_FRAME, PIPELINED, TEXT, expect, expectClose, run } =
  require("./checks.cjs");

const [url, subprotocol] = process.argv.slice(2);

// The interface hides its socket, so we take it where it is made.
let socket;
const connector = buildConnector({});
const dispatcher = new Agent({
  connect: (options, callback) =>
    connector(options, (error, made) => {
      socket = made;
      callback(error, made);
    }),
});

async function open(protocols = []) {
  const ws = new WebSocket(url, { protocols, dispatcher });
  ws.binaryType = "arraybuffer";
  await new Promise((resolve, reject) => {
    ws.onopen = resolve;
    ws.onerror = (event) => reject(new Error(`no connection: ${event.message}`));
  });
  return ws;
}

function receive(ws, count) {
  return new Promise((resolve, reject) => {
    const messages = [];
    ws.onmessage = ({ data }) => {
      messages.push(typeof data === "string" ? data : Buffer.from(data));
      if (messages.length === count) resolve(messages);
    };
    ws.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
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
      const closed = new Promise((resolve) => (ws.onclose = resolve));
      ws.close(...close);
      const { code, reason, wasClean } = await closed;
      expectClose(close, code, reason);
      expect(wasClean, true, "wasClean");
    }
  },
  ping: async () => {
    const ws = await open();
    const answered = new Promise((resolve) =>
      diagnostics.subscribe("undici:websocket:pong", ({ payload }) => resolve(payload)),
    );
    ping(ws, Buffer.from("payload"));
    expect(Buffer.from(await answered).toString(), "payload", "payload of the pong");
    ws.close();
  },
  subprotocol: async () => {
    const ws = await open(["unknown.example", subprotocol]);
    expect(ws.protocol, subprotocol, "subprotocol");
    ws.close();
  },
  "abrupt end": async () => {
    const ws = await open();
    ws.onerror = () => {};
    await new Promise((written) => socket.write(HALF_A_FRAME, written));
    socket.resetAndDestroy();
    await once(socket, "close");
    await echo("the next one");
  },
});

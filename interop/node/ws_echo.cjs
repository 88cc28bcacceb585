// An echo server made with the npm package ws, for our clients to talk to.
"use strict";
const { WebSocketServer } = require("ws");

const [host, port] = process.argv[process.argv.indexOf("--addr") + 1].split(":");
const server = new WebSocketServer({ host, port: Number(port), perMessageDeflate: true });
server.on("listening", () => console.log(`listening on ws://${host}:${server.address().port}`));
server.on("connection", (ws) => {
  ws.on("error", () => {});
  ws.on("message", (data, binary) => {
    // Two bytes may be half of a character: a fragment may end there.
    ws.send(data.subarray(0, 2), { binary, fin: false });
    ws.ping("between");
    ws.send(data.subarray(2), { binary, fin: true });
  });
});

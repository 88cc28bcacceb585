// An echo server made with the npm package ws, with settings of compression to choose from:
// node ws_deflate_echo.cjs SETTINGS --addr HOST:PORT
// SETTINGS is a JSON array. A client of ws://HOST:PORT/N has those at N, and a GET of http://HOST:PORT/N
// then tells what was answered to its offer.
"use strict";
const http = require("node:http");
const { WebSocketServer } = require("ws");

const settings = JSON.parse(process.argv[2]);
const [host, port] = process.argv[process.argv.indexOf("--addr") + 1].split(":");
const answers = {};
const servers = settings.map((perMessageDeflate) => {
  const server = new WebSocketServer({ noServer: true, maxPayload: 1 << 28, perMessageDeflate });
  server.on("headers", (lines, { url }) => {
    const line = lines.find((line) => line.startsWith("Sec-WebSocket-Extensions: "));
    answers[url] = line?.slice("Sec-WebSocket-Extensions: ".length);
  });
  server.on("connection", (ws) => {
    ws.on("error", () => {});
    ws.on("message", (data, binary) => ws.send(data, { binary }));
  });
  return server;
});
const listener = http.createServer(({ url }, response) => response.end(answers[url] ?? "nothing"));
listener.on("upgrade", (request, socket, head) => {
  const server = servers[request.url.slice(1)];
  server.handleUpgrade(request, socket, head, (ws) => server.emit("connection", ws, request));
});
listener.listen(Number(port), host, () => {
  console.log(`listening on ws://${host}:${listener.address().port}`);
});

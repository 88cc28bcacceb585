// A client for a fuzzing server, made with the npm package ws:
// node autobahn_client.cjs FAULT URL, with FAULT one of
// none, no-reports, wrong-bytes, stops-early, status-1 and hangs.
"use strict";
const { once } = require("node:events");
const WebSocket = require("ws");

const [fault, url] = process.argv.slice(2);

function connect(path) {
  const ws = new WebSocket(url + path, { maxPayload: 1 << 28 });
  ws.on("error", () => {});
  return ws;
}

async function main() {
  const counting = connect("/getCaseCount");
  const count = Number((await once(counting, "message"))[0].toString());
  for (let number = 1; number <= count; number++) {
    if (fault === "stops-early" && number > count / 2) process.exit(7);
    const ws = connect(`/runCase?case=${number}&agent=ws`);
    ws.on("message", (data, binary) =>
      ws.send(fault === "wrong-bytes" ? data.subarray(1) : data, { binary }),
    );
    // Not once(), which throws for the errors that many cases are about.
    await new Promise((closed) => ws.on("close", closed));
  }
  if (fault === "hangs") await new Promise(() => setInterval(() => {}, 1000));
  if (fault !== "no-reports") await once(connect("/updateReports?agent=ws"), "close");
  process.exit(fault === "status-1" ? 1 : 0);
}

main();

// What a browser's own WebSocket does with the echo server of this page.
// browser.py puts this text into a function and calls one exercise at a time.
const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/`;

function equal(got, want, what) {
  const short = (value) => String(value).slice(0, 80);
  if (got !== want) throw new Error(`${what}: got ${short(got)}, want ${short(want)}`);
}

function open(protocols = [], to = url) {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(to, protocols);
    ws.binaryType = "arraybuffer";
    ws.onopen = () => resolve(ws);
    ws.onerror = () => reject(new Error("no connection"));
  });
}

function receive(ws, count = 1) {
  return new Promise((resolve, reject) => {
    const messages = [];
    ws.onmessage = ({ data }) => {
      messages.push(data);
      if (messages.length === count) resolve(messages);
    };
    ws.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
  });
}

function close(ws, ...closing) {
  return new Promise((resolve) => {
    ws.onclose = resolve;
    ws.close(...closing);
  });
}

async function echo(message) {
  const ws = await open();
  const received = receive(ws);
  ws.send(message);
  const [answer] = await received;
  await close(ws);
  return answer;
}

function equalBytes(buffer, want) {
  const got = new Uint8Array(buffer);
  equal(got.length, want.length, "length of the echo");
  equal(got.findIndex((byte, i) => byte !== want[i]), -1, "first wrong byte");
}

const exercises = {
  async text() {
    const message = "Gr\u00fc\u00dfe, \u4e16\u754c \u{1f44b}";
    equal(await echo(message), message, "echo");
  },
  async "ArrayBuffer"() {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    equalBytes(await echo(bytes.buffer), bytes);
  },
  async "Blob"() {
    const ws = await open();
    ws.binaryType = "blob";
    const received = receive(ws);
    ws.send(new Blob([new Uint8Array([0, 255, 1])]));
    const [answer] = await received;
    equal(answer instanceof Blob, true, "the echo is a Blob");
    equalBytes(await answer.arrayBuffer(), new Uint8Array([0, 255, 1]));
    await close(ws);
  },
  async empty() {
    equal(await echo(""), "", "echo");
    equalBytes(await echo(new ArrayBuffer(0)), new Uint8Array(0));
  },
  async "16 MiB"() {
    // 251 is no power of two, so that a lost or repeated block shows.
    const bytes = new Uint8Array(16 * 1024 * 1024);
    for (let i = 0; i < bytes.length; i++) bytes[i] = i % 251;
    equalBytes(await echo(bytes), bytes);
  },
  async "1000 pipelined"() {
    const messages = Array.from({ length: 1000 }, (_, i) => `message ${i}`);
    const ws = await open();
    const received = receive(ws, messages.length);
    for (const message of messages) ws.send(message);
    equal((await received).join(), messages.join(), "echoes");
    await close(ws);
  },
  async "abrupt end"() {
    // A frame that goes away takes its connection with it, whatever is under way.
    const frame = document.body.appendChild(document.createElement("iframe"));
    const ws = new frame.contentWindow.WebSocket(url);
    await new Promise((resolve) => (ws.onopen = resolve));
    ws.send(new Uint8Array(4 << 20));
    frame.remove();
    equal(await echo("the next one"), "the next one", "echo");
  },
  async subprotocol() {
    const ws = await open(["unknown.example", "echo.example"]);
    equal(ws.protocol, "echo.example", "subprotocol");
    await close(ws);
  },
  async "close codes"() {
    const closes = [[1000, "bye"], [3000, "custom"], [4999, "\u00fc".repeat(61) + "!"]];
    for (const [code, reason] of closes) {
      const event = await close(await open(), code, reason);
      equal(event.code, code, "code");
      // The answer may leave the reason out, but not make another one up.
      if (event.reason !== "") equal(event.reason, reason, "reason");
      equal(event.wasClean, true, "wasClean");
    }
  },
};

// Uses several WebSockets at once, each of which the server tells first how it came about. Returns that.
async function how(count) {
  const sockets = await Promise.all(Array.from({ length: count }, async () => {
    const ws = await open(["echo.example"], `${url}how`);
    equal(ws.protocol, "echo.example", "subprotocol");
    const [told] = await receive(ws);
    return { ws, told };
  }));
  const echoes = sockets.map(({ ws }) => receive(ws, 2));
  const large = new Uint8Array(1 << 20).fill(7);
  sockets.forEach(({ ws }, i) => ws.send(`socket ${i}`));
  for (const { ws } of sockets) ws.send(large);
  for (const [i, echo] of echoes.entries()) {
    const [text, bytes] = await echo;
    equal(text, `socket ${i}`, "echo");
    equalBytes(bytes, large);
  }
  // One ends before the others, and they don't notice.
  const [first, ...others] = sockets;
  await close(first.ws, 3000, "first");
  for (const { ws } of others) {
    const echo = receive(ws);
    ws.send("still there");
    equal((await echo)[0], "still there", "echo");
  }
  await Promise.all(others.map(({ ws }) => close(ws)));
  return sockets.map(({ told }) => told).join("\n");
}

// Not of this page's server: browser.py calls it with the URL of one that compresses. Returns what
// was negotiated.
async function compressed(to) {
  const json = JSON.stringify(Array.from({ length: 1000 }, (_, i) => ({ number: i, square: i * i })));
  // Hard to compress, and long enough to fill any window.
  let state = 7692;
  const noise = Uint8Array.from({ length: 50_000 }, () => (state = (state * 75 + 74) % 65537) & 255);
  const zeros = new Uint8Array(200_000);
  // In this order: what is empty behind what is not, and again what was sent before.
  const messages = ["", "hello", "", json, noise, new Uint8Array(0), json, zeros, noise, "hello"];
  const ws = await open([], to);
  const received = receive(ws, messages.length);
  for (const message of messages) ws.send(message);
  (await received).forEach((echo, i) => {
    if (typeof echo === "string") equal(echo, messages[i], `echo ${i}`);
    else equalBytes(echo, messages[i]);
  });
  await close(ws);
  return ws.extensions;
}

// Runs named checks one after the other and prints `ok NAME` or
// `not ok NAME: REASON` for each; judges/programs.py reads those lines.
"use strict";
const { isDeepStrictEqual, inspect } = require("node:util");

const SECONDS = 15;

exports.expect = (got, want, what) => {
  if (!isDeepStrictEqual(got, want)) {
    const show = (value) => inspect(value, { maxArrayLength: 8, maxStringLength: 60 });
    throw new Error(`${what}: got ${show(got)}, want ${show(want)}`);
  }
};

exports.run = async (checks) => {
  for (const [name, check] of Object.entries(checks)) {
    let timer;
    const limit = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`not done after ${SECONDS} s`)), SECONDS * 1000);
    });
    try {
      await Promise.race([check(), limit]);
      console.log(`ok ${name}`);
    } catch (error) {
      console.log(`not ok ${name}: ${String(error.message).replaceAll("\n", " ")}`);
    }
    clearTimeout(timer);
  }
  // Connections of failed checks may still be open.
  process.exit(0);
};

exports.TEXT = "Grüße, 世界 👋";
exports.BINARY = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
// 251 is no power of two, so that a lost or repeated block shows.
exports.BIG = Buffer.alloc(16 * 1024 * 1024, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));
exports.PIPELINED = Array.from({ length: 1000 }, (_, i) => `message ${i} ` + "x".repeat(i % 97));
exports.CLOSES = [
  [1000, "bye"],
  [3000, "custom"],
  [4999, "ü".repeat(61) + "!"],
];

// The answer to a close has its code; the reason may be left out.
exports.expectClose = ([code, reason], gotCode, gotReason) => {
  if (gotCode !== code || !["", reason].includes(gotReason)) {
    throw new Error(`closed with ${code} "${reason}", got ${gotCode} "${gotReason}"`);
  }
};

// The start of a masked frame that promises 1,000 bytes and has ten.
exports.HALF_A_FRAME = Buffer.concat([
  Buffer.from([0x81, 0x80 | 126, 1000 >> 8, 1000 & 255, 0, 0, 0, 0]),
  Buffer.from("half of it"),
]);

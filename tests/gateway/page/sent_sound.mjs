// Runs the module of a caller outside of a browser: what sound it sends, over which connection.
import { readFileSync } from "node:fs";

const { folder, steps } = JSON.parse(readFileSync(0, "utf8"));
globalThis.WebSocket = class {
  static OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  sent = [];
  send(message) {
    this.sent.push(typeof message === "string" ? JSON.parse(message) : [...new Int16Array(message)]);
  }
  close() {}
};
const { Caller } = await import(`file://${folder}/caller.js`);
const timers = [];
globalThis.setTimeout = (work, ms) => timers.push(ms);

const caller = new Caller({ url: "ws://gateway/" });
caller.connect = () => {
  caller.drop();
  caller.state = "connecting";
  caller.dial();
  caller.socket.onopen();
  told.push(caller.socket.sent);
};
const told = [];
let said = 0;
const work = {
  connect: () => caller.connect(),
  // Each sample is its own number.
  says: (samples) => caller.say(Int16Array.from({ length: samples }, () => said++ % 30000).buffer),
  comes: (message) => caller.take(JSON.stringify(message)),
  loses: (reason) => caller.socket.onclose({ reason }),
};
for (const [what, value] of steps) work[what](value);
console.log(JSON.stringify({ told, timers, state: caller.state }));

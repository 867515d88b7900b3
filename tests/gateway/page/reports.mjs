// Runs the module of a caller outside of a browser: what it says of the sound that it was sent.
import { readFileSync } from "node:fs";

const { folder, steps } = JSON.parse(readFileSync(0, "utf8"));
globalThis.WebSocket = class {
  static OPEN = 1;
  readyState = 1;
  sent = [];
  send(message) {
    this.sent.push(JSON.parse(message));
  }
  close() {}
};
let now = 1000;
globalThis.performance.now = () => now;
const { Caller } = await import(`file://${folder}/caller.js`);

const caller = new Caller({ url: "ws://gateway/" });
caller.context = { outputLatency: 0 };
const told = [];
const work = {
  connect: () => {
    if (caller.socket) caller.drop();
    caller.dial();
    caller.state = "open";
    told.push([]);
    caller.socket.sent = told.at(-1);
  },
  comes: (ms) => caller.take(new ArrayBuffer(ms * 48)),
  latency: (ms) => (caller.context.outputLatency = ms / 1000),
  // Who asks it for the delay may wait for ever.
  firefox: () => {
    globalThis.mozInnerScreenX = 0;
    caller.context = {
      get outputLatency() {
        throw new Error("the page stands still");
      },
    };
  },
  // What the worklet says that it played of all that ever came.
  played: (ms) => caller.played({ peak: 0, wanted_ms: 60, played_ms: ms }),
  passes: (ms) => {
    now += ms;
    caller.heard = caller.asked = now; // No ping is due.
  },
};
for (const [what, value] of steps) work[what](value);
console.log(JSON.stringify(told));

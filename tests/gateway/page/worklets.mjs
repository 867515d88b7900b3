// Runs the page's worklets outside of a browser: reads what to do from standard input, block by
// block of 128 samples, and writes what came out.
import { readFileSync } from "node:fs";

const { folder, rate, steps } = JSON.parse(readFileSync(0, "utf8"));
const made = {};
globalThis.sampleRate = rate;
globalThis.currentFrame = 0;
globalThis.AudioWorkletProcessor = class {
  constructor() {
    this.port = { postMessage: (message) => told.push(message) };
  }
};
globalThis.registerProcessor = (name, Processor) => (made[name] = Processor);
const told = [];
for (const name of ["capture", "playback"]) await import(`file://${folder}/${name}.js`);

const samples = (hz, at, count, ofRate) =>
  Float32Array.from({ length: count }, (_, i) => 0.5 * Math.sin((2 * Math.PI * hz * (at + i)) / ofRate));

function capture({ hz, seconds }) {
  const processor = new made.capture();
  for (let at = 0; at < seconds * rate; at += 128) processor.process([[samples(hz, at, 128, rate)]]);
  return told.splice(0).flatMap(({ pcm }) => [...new Int16Array(pcm)]);
}

// `pushes`: at so many ms, so many ms of a tone; `clear` at so many ms.
function playback({ hz, seconds, pushes, clear }) {
  const processor = new made.playback();
  const out = [];
  let pushed = 0;
  let waiting = pushes.slice();
  for (let frame = 0; frame < seconds * rate; frame += 128) {
    globalThis.currentFrame = frame;
    const now_ms = (frame / rate) * 1000;
    while (waiting.length && waiting[0].at_ms <= now_ms) {
      const count = waiting.shift().ms * 24;
      const block = Int16Array.from(samples(hz, pushed, count, 24000), (value) => Math.round(value * 32767));
      pushed += count;
      processor.port.onmessage({ data: block.buffer });
    }
    if (clear !== undefined && now_ms >= clear) {
      processor.port.onmessage({ data: "clear" });
      clear = undefined;
    }
    const block = new Float32Array(128);
    processor.process([], [[block]]);
    out.push(...block);
  }
  return { out, told: told.splice(0) };
}

const work = { capture, playback };
console.log(JSON.stringify(steps.map(({ what, ...how }) => work[what](how))));

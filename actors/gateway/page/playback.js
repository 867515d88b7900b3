// Answers, 16-bit samples at 24 kHz, at the device's own rate. Starts with 60 ms in hand; each time
// the network is later than what is in hand, by so much more, and by less when it has not been for
// a while.
import { Resampler } from "./resample.js";

const RATE_HZ = 24000;
const LEAST = 0.06 * RATE_HZ;
const MOST = 0.4 * RATE_HZ;
const LATE_S = 0.5; // What comes so soon after it ran dry should have come before.
const CALM_S = 10; // So long without running dry: a little less in hand will do.
const LESS = 0.02 * RATE_HZ;
const TOLD_FRAMES = 2048; // Some 20 times a second.

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(RATE_HZ, sampleRate);
    this.queue = [];
    this.offset = 0; // In the first of the queue.
    this.waiting = 0; // Samples in the queue.
    this.taken = 0; // Samples that came, ever.
    this.wanted = LEAST; // Samples in hand before an answer starts.
    this.playing = false;
    this.first = 0; // When the first of those came that wait to be started, in frames.
    this.dry = -Infinity; // When it ran dry, in frames.
    this.calm = 0; // Since when it has not, in frames.
    this.last = 0;
    this.tail = 0; // Fades out what was broken off: a sudden end clicks.
    this.peak = 0;
    this.told = 0;
    this.port.onmessage = ({ data }) => (data === "clear" ? this.clear() : this.push(data));
  }

  push(buffer) {
    if (!this.waiting && !this.playing) this.first = currentFrame;
    const late = (currentFrame - this.dry) / sampleRate;
    if (late < LATE_S) {
      this.wanted = Math.min(MOST, this.wanted + late * RATE_HZ);
      this.calm = currentFrame;
    }
    this.dry = -Infinity;
    this.queue.push(new Int16Array(buffer));
    this.waiting += buffer.byteLength / 2;
    this.taken += buffer.byteLength / 2;
  }

  clear() {
    this.queue = [];
    this.offset = this.waiting = 0;
    this.stop(-Infinity);
  }

  stop(dry) {
    this.playing = false;
    this.dry = dry;
    this.tail = this.last;
    this.resampler.reset();
  }

  pull() {
    if (!this.queue.length) return null;
    const value = this.queue[0][this.offset++] / 32768;
    this.waiting--;
    if (this.offset === this.queue[0].length) {
      this.queue.shift();
      this.offset = 0;
    }
    return value;
  }

  process(_inputs, outputs) {
    const output = outputs[0][0];
    if (!this.playing && this.waiting) this.begin();
    for (let i = 0; i < output.length; i++) {
      this.last = this.playing ? this.sample() : 0;
      this.tail *= 0.95; // Gone within a millisecond or two.
      output[i] = this.last + (this.playing ? 0 : this.tail);
      this.peak = Math.max(this.peak, Math.abs(output[i]));
    }
    for (const other of outputs[0].slice(1)) other.set(output);
    if (currentFrame - this.told >= TOLD_FRAMES) this.tell();
    return true;
  }

  // What is shorter than what is wanted in hand is an answer too.
  begin() {
    const waited = ((currentFrame - this.first) / sampleRate) * RATE_HZ;
    if (this.waiting < this.wanted && waited < this.wanted) return;
    this.playing = true;
    this.tail = 0;
    if ((currentFrame - this.calm) / sampleRate > CALM_S) {
      this.wanted = Math.max(LEAST, this.wanted - LESS);
      this.calm = currentFrame;
    }
  }

  sample() {
    while (!this.resampler.ready) {
      const value = this.pull();
      if (value === null) {
        this.stop(currentFrame);
        return 0;
      }
      this.resampler.feed(value);
    }
    return this.resampler.next();
  }

  tell() {
    this.told = currentFrame;
    // What was thrown away counts as played.
    const played_ms = ((this.taken - this.waiting) / RATE_HZ) * 1000;
    this.port.postMessage({ peak: this.peak, wanted_ms: (this.wanted / RATE_HZ) * 1000, played_ms });
    this.peak = 0;
  }
}

registerProcessor("playback", Playback);

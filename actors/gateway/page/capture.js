// Microphone, at the device's own rate, to 20 ms blocks of 16-bit samples at 16 kHz.
import { Resampler } from "./resample.js";

const RATE_HZ = 16000;
const BLOCK = 320;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.resampler = new Resampler(sampleRate, RATE_HZ);
    this.block = new Int16Array(BLOCK);
    this.filled = 0;
    this.peak = 0;
  }

  process(inputs) {
    for (const value of inputs[0][0] ?? []) {
      this.resampler.feed(value);
      while (this.resampler.ready) this.take(this.resampler.next());
    }
    return true;
  }

  take(value) {
    const sample = Math.max(-1, Math.min(1, value));
    this.peak = Math.max(this.peak, Math.abs(sample));
    this.block[this.filled++] = Math.round(sample * 32767);
    if (this.filled === BLOCK) {
      this.port.postMessage({ pcm: this.block.buffer, peak: this.peak }, [this.block.buffer]);
      this.block = new Int16Array(BLOCK);
      this.filled = 0;
      this.peak = 0;
    }
  }
}

registerProcessor("capture", Capture);

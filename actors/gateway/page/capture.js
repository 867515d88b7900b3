// Microphone, at the device's own rate, to 20 ms blocks of 16-bit samples at 16 kHz.
const RATE_HZ = 16000;
const BLOCK = 320;

class Capture extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Int16Array(BLOCK);
    this.filled = 0;
    this.step = sampleRate / RATE_HZ;
    this.at = 0; // Where the next sample lies, in samples of the device after `last`.
    this.last = 0;
    this.low = 0; // A one-pole low pass keeps the worst of what 16 kHz cannot hold out.
    this.share = this.step > 1 ? 1 - Math.exp((-2 * Math.PI * 7000) / sampleRate) : 1;
    this.peak = 0;
  }

  process(inputs) {
    const input = inputs[0][0];
    if (!input) return true;
    for (const value of input) {
      const before = this.last;
      this.low += this.share * (value - this.low);
      this.last = this.low;
      for (; this.at < 1; this.at += this.step) this.take(before + (this.last - before) * this.at);
      this.at -= 1;
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

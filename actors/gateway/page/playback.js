// Answers, 16-bit samples at 24 kHz, at the device's own rate. Starts with 60 ms in hand, which
// grows by 20 ms each time the network was later than that, up to 400.
const RATE_HZ = 24000;

class Playback extends AudioWorkletProcessor {
  constructor() {
    super();
    this.queue = [];
    this.offset = 0;
    this.waiting = 0;
    this.wanted = 0.06 * RATE_HZ;
    this.playing = false;
    this.at = 0;
    this.last = 0;
    this.next = 0;
    this.peak = 0;
    this.told = 0;
    this.port.onmessage = ({ data }) => (data === "clear" ? this.clear() : this.push(data));
  }

  push(buffer) {
    this.queue.push(new Int16Array(buffer));
    this.waiting += buffer.byteLength / 2;
  }

  clear() {
    this.queue = [];
    this.offset = this.waiting = 0;
    this.playing = false;
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
    if (!this.playing && this.waiting >= this.wanted) this.playing = true;
    // The end of an answer may be shorter than what is wanted in hand.
    else if (!this.playing && this.waiting && ++this.told > 40) this.playing = true;
    if (this.playing) this.told = 0;
    for (let i = 0; i < output.length; i++) {
      output[i] = this.playing ? this.sample() : 0;
      this.peak = Math.max(this.peak, Math.abs(output[i]));
    }
    for (const other of outputs[0].slice(1)) other.set(output);
    if (currentFrame % 2048 < output.length) {
      this.port.postMessage({ peak: this.peak, waiting_ms: (this.waiting / RATE_HZ) * 1000 });
      this.peak = 0;
    }
    return true;
  }

  sample() {
    for (this.at += RATE_HZ / sampleRate; this.at >= 1; this.at -= 1) {
      const value = this.pull();
      if (value === null) {
        this.playing = false;
        this.wanted = Math.min(0.4 * RATE_HZ, this.wanted + 0.02 * RATE_HZ);
        this.at = this.last = this.next = 0;
        return 0;
      }
      this.last = this.next;
      this.next = value;
    }
    return this.last + (this.next - this.last) * this.at;
  }
}

registerProcessor("playback", Playback);

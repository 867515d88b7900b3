// Samples at one rate from samples at another: a windowed sinc, so that what the lower rate cannot
// hold is left out instead of folded down. Some 0.5 ms late.
const ZEROS = 8; // Zero crossings of the sinc on each side: what is folded is 50 dB down.
const PASS = 0.92; // Of what the lower rate can hold; the rest is the slope of the filter.
const PHASES = 64; // Between two samples; in between, straight lines.

export class Resampler {
  /** From and to so many samples a second. */
  constructor(from, to) {
    const share = Math.min(1, to / from);
    this.step = from / to;
    this.half = Math.ceil(ZEROS / share);
    this.taps = 2 * this.half + 1;
    this.kernels = Array.from({ length: PHASES + 1 }, (_, phase) => this.kernel(phase / PHASES, PASS * share));
    // Written twice, so that the newest samples always lie in one piece.
    this.ring = new Float32Array(2 * this.taps);
    this.reset();
  }

  kernel(phase, cutoff) {
    const values = Float32Array.from({ length: this.taps }, (_, k) => {
      const x = k - this.half + phase;
      const sinc = x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x);
      return sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / (this.half + 1)));
    });
    const sum = values.reduce((all, value) => all + value, 0);
    return values.map((value) => value / sum);
  }

  /** Forget what came before. */
  reset() {
    this.ring.fill(0);
    this.at = 0;
    this.due = 1; // Samples to be fed until there is one to be taken.
  }

  feed(value) {
    this.at = (this.at + 1) % this.taps;
    this.ring[this.at] = this.ring[this.at + this.taps] = value;
    this.due -= 1;
  }

  get ready() {
    return this.due <= 0;
  }

  next() {
    const place = -this.due * PHASES;
    const phase = Math.min(PHASES - 1, Math.floor(place));
    const [one, other, share] = [this.kernels[phase], this.kernels[phase + 1], place - phase];
    let sum = 0;
    // The oldest sample comes first, the kernel's time runs the same way.
    for (let k = 0, i = this.at + 1; k < this.taps; k++, i++) {
      sum += this.ring[i] * (one[k] + share * (other[k] - one[k]));
    }
    this.due += this.step;
    return sum;
  }
}

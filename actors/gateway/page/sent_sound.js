// What was said last, counted in samples at 16 kHz: another room may want to hear it again.

const MOST_SAMPLES = 160000; // Ten seconds.

export class SentSound {
  blocks = []; // Samples as ArrayBuffers, oldest first.
  next = 0; // Samples ever said.
  kept = 0; // Of them those in `blocks`.
  sent = 0; // Up to here it went over the connection that there is.
  done = { sound: 0, position: 0 }; // What the gateway needs no more, and where that is for it.

  /** Keep a block of samples. */
  add(pcm) {
    this.blocks.push(pcm);
    const samples = pcm.byteLength / 2;
    this.next += samples;
    this.kept += samples;
    while (this.kept > MOST_SAMPLES) this.drop();
  }

  /** The gateway needs nothing before this. */
  settle({ sound, position }) {
    this.done = { sound, position };
    while (this.blocks.length && this.next - this.kept + this.blocks[0].byteLength / 2 <= sound) this.drop();
  }

  drop() {
    this.kept -= this.blocks.shift().byteLength / 2;
  }

  /** What can be sent again, as `start_session` says it. */
  get offer() {
    const begin = Math.max(this.next - this.kept, Math.min(this.done.sound, this.next));
    return { from: begin, next: this.next, position: this.done.position + begin - this.done.sound };
  }

  /** All from a sample on that has not gone over this connection yet. */
  from(sound) {
    let at = this.next - this.kept;
    const wanted = [];
    for (const block of this.blocks) {
      const samples = block.byteLength / 2;
      if (at + samples > sound) wanted.push(at < sound ? block.slice(2 * (sound - at)) : block);
      at += samples;
    }
    this.sent = this.next;
    return wanted;
  }
}

// A caller of a Greenroom gateway, for any website: no dependencies.
//
//   import { Caller } from "http://127.0.0.1:3000/page/caller.js";
//   const caller = new Caller();
//   caller.addEventListener("transcript", ({ detail }) => console.log(detail.role, detail.text));
//   await caller.start();            // In the handler of a click: browsers insist.
//
// Events are the messages of docs/gateway.md by their `type`, and besides:
//   state    {state: "closed" | "connecting" | "open" | "waiting", because}
//   levels   {microphone, answer}        peaks from 0 to 1, some ten times a second
//   network  {round_trip_ms, in_hand_ms} how far the gateway is, and what is kept against its delays
//   sound    {running}                   whether the browser lets sound be heard; `resume()` asks

import { SentSound } from "./sent_sound.js";

const RETRY_MS = [20, 100, 250, 500, 1000, 2000, 4000, 8000]; // The first: another room may be there.
const SCATTER = 0.5; // Part of that by chance: all callers of a room lose it at once.
const PING_MS = 1000;
const SILENT_MS = 3000; // Without an answer: a network, or a room, that is gone says nothing.
const CONNECT_MS = 10000; // What the gateway itself takes at most to open a conversation.
const TOLD_MS = 100; // So often the gateway is told what was played: it counts what was heard by that.
const BYTES_PER_MS = 48; // Of answers.
const MOST_UNSENT_BYTES = 32000; // A second of sound: what comes later than that is better not said.
const SOUND_MS = 1000; // Devices have been seen to take 300 ms.
const TAKEN = "another connection";
const HERE = new URL(".", import.meta.url);

export class Caller extends EventTarget {
  /**
   * @param {object} options
   * @param {string} [options.url] WebSocket address; left out, that of this file's server.
   * @param {string | function} [options.token] Token of the gateway, or a function that returns (a
   *   promise of) one, for the session whose name it is given: each connection asks it.
   * @param {object} [options.session] Fields of `start_session`: voice, language, session_id, ...
   */
  constructor({ url, token, session = {} } = {}) {
    super();
    const own = new URL("../ws/live-audio", HERE);
    own.protocol = own.protocol.replace("http", "ws");
    this.url = new URL(url ?? own);
    this.url.searchParams.set("audio", "binary");
    this.token = token;
    this.session = { ...session };
    this.muted = false;
    this.settings = {};
    this.state = "closed";
    this.failures = 0;
    this.said = new SentSound();
    this.levels = { microphone: 0, answer: 0 };
    this.came = 0; // Ms of answers, ever; before the connection that there is; told over it.
    this.before = 0;
    this.told = 0;
    this.toldAt = 0;
  }

  /** Ask for the microphone, and connect. Throws if this browser cannot play sound. */
  async start() {
    this.context = new AudioContext();
    this.context.onstatechange = () => this.tell("sound", { running: this.context?.state === "running" });
    // Without a loudspeaker, and before a click, this takes for ever; one can still read and type.
    await Promise.race([this.context.resume(), new Promise((resolve) => setTimeout(resolve, SOUND_MS))]);
    if (this.context.state !== "running") this.tell("sound", { running: false });
    await Promise.all(
      ["capture.js", "playback.js"].map((name) => this.context.audioWorklet.addModule(new URL(name, HERE))),
    );
    this.playback = new AudioWorkletNode(this.context, "playback", { numberOfInputs: 0 });
    this.playback.connect(this.context.destination);
    this.playback.port.onmessage = ({ data }) => this.played(data);
    this.back = () => this.state === "waiting" && this.connect();
    window.addEventListener("online", this.back);
    this.checking = setInterval(() => this.check(), 1000);
    // Without a microphone one can still read and type.
    await this.listen().catch((error) => this.tell("error", { error: `no microphone: ${error.message}` }));
    this.connect();
  }

  async listen() {
    this.microphone = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
    const [track] = this.microphone.getAudioTracks();
    this.settings = track.getSettings();
    track.onended = () => this.tell("error", { error: "the microphone is gone" });
    const capture = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0 });
    this.context.createMediaStreamSource(this.microphone).connect(capture);
    capture.port.onmessage = ({ data }) => {
      this.level("microphone", this.muted ? 0 : data.peak);
      if (!this.muted) this.say(data.pcm);
    };
  }

  get isOpen() {
    return this.state === "open" && this.socket?.readyState === WebSocket.OPEN;
  }

  /** Say samples at 16 kHz; what cannot be sent now is sent when the gateway is there again. */
  say(pcm) {
    this.said.add(pcm);
    if (!this.isOpen || this.socket.bufferedAmount >= MOST_UNSENT_BYTES) return;
    for (const block of this.said.from(this.said.sent)) this.socket.send(block);
  }

  /** Let sound be heard again, after the system took it away; in the handler of a click. */
  resume() {
    return this.context?.resume();
  }

  /** Say something in writing. Returns whether it was sent. */
  type(text) {
    return this.send({ type: "text", text });
  }

  /** Show a picture: a canvas, or a video element that plays. */
  async show(source, width = 768) {
    const wide = source.videoWidth || source.width;
    const high = source.videoHeight || source.height;
    if (!wide || !this.isOpen || this.socket.bufferedAmount >= MOST_UNSENT_BYTES) return;
    const scale = Math.min(1, width / Math.max(wide, high));
    const canvas = new OffscreenCanvas(Math.round(wide * scale), Math.round(high * scale));
    canvas.getContext("2d").drawImage(source, 0, 0, canvas.width, canvas.height);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.7 });
    const reader = new FileReader();
    reader.onload = () => this.send({ type: "image", data: reader.result });
    reader.readAsDataURL(blob);
  }

  /** Answer a `function_call`. */
  answer(call_id, response) {
    return this.send({ type: "function_result", call_id, response });
  }

  /** Connect anew, now. */
  reconnect() {
    if (this.state !== "closed") this.lost("connecting anew", 0);
  }

  /** End the conversation, and let go of the microphone. */
  end() {
    this.send({ type: "end_session" });
    this.close("you ended it");
  }

  close(because) {
    this.drop();
    window.removeEventListener("online", this.back);
    clearInterval(this.checking);
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    const context = this.context;
    this.context = this.microphone = this.playback = undefined;
    context?.close();
    this.enter("closed", because);
  }

  connect() {
    this.drop();
    this.enter("connecting");
    this.heard = this.asked = performance.now();
    const attempt = (this.attempt = Symbol("attempt"));
    const token = async () => (typeof this.token === "function" ? this.token(this.session.session_id) : this.token);
    token().then(
      (found) => attempt === this.attempt && this.dial(found),
      (error) => attempt === this.attempt && this.lost(error.message),
    );
  }

  dial(token) {
    if (token) this.url.searchParams.set("token", token);
    const socket = (this.socket = new WebSocket(this.url));
    this.before = this.came;
    this.told = 0;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify({ ...this.session, sound: this.said.offer, type: "start_session" }));
    socket.onmessage = ({ data }) => this.take(data);
    socket.onclose = ({ reason }) => this.lost(reason);
  }

  /** Have nothing more to do with the connection there was. */
  drop() {
    clearTimeout(this.retry);
    this.attempt = undefined;
    if (!this.socket) return;
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    // What was sent last still goes out.
    this.socket.close();
    this.socket = undefined;
    this.playback?.port.postMessage("clear");
  }

  take(data) {
    this.heard = performance.now();
    if (data instanceof ArrayBuffer) {
      this.came += data.byteLength / BYTES_PER_MS;
      this.playback?.port.postMessage(data, [data]);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "pong") {
      this.roundTrip = this.heard - this.asked;
      this.tell("network", { round_trip_ms: this.roundTrip, in_hand_ms: this.inHand });
      return;
    }
    if (message.type === "session_started") {
      this.failures = 0;
      this.session.session_id = message.session_id;
      this.enter("open");
      for (const block of this.said.from(message.sound ?? this.said.next)) this.socket.send(block);
    } else if (message.type === "sound_done") {
      this.said.settle(message);
    } else if (message.type === "interrupted") {
      this.playback?.port.postMessage("clear");
    }
    this.tell(message.type, message);
    if (message.type === "session_ended") this.close(message.detail || message.reason);
    else if (message.type === "going_away" && message.moves) this.lost(message.detail, 0);
    // Nobody is served here, as yet.
    else if (message.type === "error" && this.state === "connecting") this.lost(message.error);
  }

  lost(because, wait = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)]) {
    if (this.state === "closed") return;
    this.drop();
    if (because.includes(TAKEN)) {
      this.close("it goes on in another window");
      return;
    }
    this.enter("waiting", because || "the connection is lost");
    this.retry = setTimeout(() => this.connect(), wait * (1 + SCATTER * Math.random()));
  }

  // The sound device asks for samples whatever the browser does with the timers of hidden pages.
  played({ peak, wanted_ms, played_ms }) {
    this.level("answer", peak);
    this.inHand = wanted_ms;
    this.check();
    this.report(played_ms);
  }

  /** Say how much of what came over this connection has left the loudspeaker. */
  report(played_ms) {
    const ms = played_ms - this.before - outputLatency(this.context) * 1000;
    const now = performance.now();
    if (!this.isOpen || ms <= this.told || now - this.toldAt < TOLD_MS) return;
    this.told = ms;
    this.toldAt = now;
    this.send({ type: "played", ms });
  }

  check() {
    const now = performance.now();
    if (this.state === "connecting" && now - this.heard > CONNECT_MS) this.lost("nobody answers there");
    if (!this.isOpen) return;
    if (now - this.heard > SILENT_MS) this.lost("the network is gone");
    else if (now - this.asked > PING_MS) {
      this.asked = now;
      this.send({ type: "ping" });
    }
  }

  send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
    return this.isOpen;
  }

  enter(state, because) {
    this.state = state;
    this.tell("state", { state, because });
  }

  level(side, peak) {
    this.levels[side] = Math.max(peak, this.levels[side] * 0.8);
    const now = performance.now();
    if (now - (this.shown ?? 0) > 90) {
      this.shown = now;
      this.tell("levels", { ...this.levels });
    }
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/**
 * Seconds from the audio graph to the ear, as far as they are known.
 *
 * Safari does not know them, and Firefox must not be asked: while it waits for the sound server's
 * lock it holds that of the audio graph, which an AudioWorklet needs to let go of the first. The tab
 * then stands still for good (seen with Firefox 153 on PulseAudio).
 */
function outputLatency(context) {
  const isFirefox = "mozInnerScreenX" in globalThis;
  return isFirefox ? 0 : (context?.outputLatency ?? 0);
}

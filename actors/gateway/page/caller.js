// A caller of a Greenroom gateway, for any website: no dependencies.
//
//   import { Caller } from "http://127.0.0.1:3000/page/caller.js";
//   const caller = new Caller();
//   caller.addEventListener("transcript", ({ detail }) => console.log(detail.role, detail.text));
//   await caller.start();            // In the handler of a click: browsers insist.
//
// Events are the messages of docs/gateway.md by their `type`, and besides:
//   state   {state: "closed" | "connecting" | "open" | "waiting", because}
//   levels  {microphone, answer}     peaks from 0 to 1, some ten times a second

const RETRY_MS = [250, 500, 1000, 2000, 4000, 8000];
const HERE = new URL(".", import.meta.url);
const LEAVING = ["session_ended"];

export class Caller extends EventTarget {
  /**
   * @param {object} options
   * @param {string} [options.url] WebSocket address; left out, that of this file's server.
   * @param {object} [options.session] Fields of `start_session`: voice, language, session_id, ...
   */
  constructor({ url, session = {} } = {}) {
    super();
    const own = new URL("../ws/live-audio", HERE);
    own.protocol = own.protocol.replace("http", "ws");
    this.url = new URL(url ?? own);
    this.url.searchParams.set("audio", "binary");
    this.session = { ...session };
    this.muted = false;
    this.settings = {};
    this.wanted = false;
    this.failures = 0;
    this.levels = { microphone: 0, answer: 0 };
  }

  /** Ask for the microphone, and connect. Throws what the browser says if there is none. */
  async start() {
    this.context = new AudioContext();
    await this.context.resume();
    await Promise.all(
      ["capture.js", "playback.js"].map((name) => this.context.audioWorklet.addModule(new URL(name, HERE))),
    );
    this.playback = new AudioWorkletNode(this.context, "playback", { numberOfInputs: 0 });
    this.playback.connect(this.context.destination);
    this.playback.port.onmessage = ({ data }) => this.level("answer", data.peak);
    try {
      await this.listen();
    } catch (error) {
      // Without a microphone one can still read and type.
      this.tell("error", { error: `no microphone: ${error.message}` });
    }
    this.wanted = true;
    this.connect();
  }

  async listen() {
    this.microphone = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    });
    this.settings = this.microphone.getAudioTracks()[0].getSettings();
    const capture = new AudioWorkletNode(this.context, "capture", { numberOfOutputs: 0 });
    this.context.createMediaStreamSource(this.microphone).connect(capture);
    capture.port.onmessage = ({ data }) => {
      this.level("microphone", this.muted ? 0 : data.peak);
      if (!this.muted && this.isOpen) this.socket.send(data.pcm);
    };
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN && this.started;
  }

  /** Say something in writing. */
  type(text) {
    this.send({ type: "text", text });
  }

  /** Show a picture: a canvas, or a video element that plays. */
  async show(source, width = 768) {
    const wide = source.videoWidth || source.width;
    const high = source.videoHeight || source.height;
    if (!wide || !this.isOpen) return;
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
    this.send({ type: "function_result", call_id, response });
  }

  /** End the conversation, and let go of the microphone. */
  end() {
    this.wanted = false;
    this.send({ type: "end_session" });
    this.close("you ended it");
  }

  close(because) {
    this.wanted = false;
    clearTimeout(this.retry);
    for (const track of this.microphone?.getTracks() ?? []) track.stop();
    this.playback?.port.postMessage("clear");
    this.context?.close();
    this.context = this.microphone = this.playback = undefined;
    this.tell("state", { state: "closed", because });
  }

  connect() {
    this.started = false;
    this.tell("state", { state: "connecting" });
    const socket = (this.socket = new WebSocket(this.url));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => socket.send(JSON.stringify({ ...this.session, type: "start_session" }));
    socket.onmessage = ({ data }) => this.take(data);
    socket.onclose = ({ reason }) => socket === this.socket && this.lost(reason);
  }

  take(data) {
    if (data instanceof ArrayBuffer) {
      this.playback?.port.postMessage(data, [data]);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "session_started") {
      this.started = true;
      this.failures = 0;
      this.session.session_id = message.session_id;
      this.tell("state", { state: "open" });
    } else if (message.type === "interrupted") {
      this.playback?.port.postMessage("clear");
    }
    this.tell(message.type, message);
    if (LEAVING.includes(message.type) && this.wanted) this.close(message.detail || message.reason);
  }

  lost(reason) {
    this.started = false;
    if (!this.wanted) return;
    if (reason.includes("another connection")) {
      this.close("it goes on in another window");
      return;
    }
    const wait = RETRY_MS[Math.min(this.failures++, RETRY_MS.length - 1)];
    this.tell("state", { state: "waiting", because: reason || "the connection is lost" });
    this.retry = setTimeout(() => this.connect(), wait);
  }

  send(message) {
    if (this.isOpen) this.socket.send(JSON.stringify(message));
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

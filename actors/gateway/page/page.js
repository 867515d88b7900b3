// The page of a caller who has only a browser.
import { ask, ownHeaders, serveEntry, tokenFor, wantsKey } from "./asking.js";
import { Caller } from "./caller.js";
import { serveFiles } from "./files.js";
import { TranscriptList, keepAsFile } from "./transcript.js";

const $ = (id) => document.getElementById(id);
const KEPT = "greenroom-session"; // So that a reload comes back to the same conversation.
const SAID = "greenroom-said";
const THINKS = "An answer is coming …";
const CAMERA_MS = 1000;
const SOUND_MS = 300; // A browser that lets sound be heard without a click says so at once.
const STATES = {
  closed: "Not connected.",
  connecting: "Connecting …",
  open: "Connected.",
  waiting: "Connection lost: coming back …",
};
const CHOICES = ["voice", "language", "model", "lasts_s"]; // May be in the address of the page.

const transcript = new TranscriptList($("transcript"), sessionStorage, SAID);
let caller = null;
let camera = null;
let ends = 0;
let waited = false; // There is a conversation that waits for this page.
let away = false; // A note says once that the connection is lost, and once that it is back.

function note(text) {
  transcript.note(text);
  $("news").textContent = text;
  $("keep").disabled = transcript.isEmpty;
}

function fact(name, value) {
  $(name).textContent = value ?? "-";
}

function showTime() {
  if (!ends) return fact("left", null);
  const left = Math.max(0, Math.round((ends - Date.now()) / 1000));
  fact("left", `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`);
}

function doing(text) {
  $("doing").textContent = text;
}

function enable(open) {
  for (const each of [$("mute"), $("look"), $("text"), $("send")]) each.disabled = !open;
}

function mute(muted) {
  if (caller) caller.muted = muted;
  $("mute").setAttribute("aria-pressed", String(muted));
  $("mute").textContent = muted ? "Muted" : "Mute";
}

function leave() {
  look(false);
  enable(false);
  mute(false);
  caller = null;
  ends = 0;
  away = waited = false;
  doing("");
  showTime();
  $("left").classList.remove("soon");
  for (const each of [$("microphone"), $("answer")]) each.value = 0;
  $("reconnect").hidden = true;
  $("resume").hidden = true;
  $("talk").textContent = "Talk";
  $("talk").disabled = false;
}

function onState({ state, because }) {
  $("state").textContent = STATES[state] + (because ? ` (${because})` : "");
  document.body.dataset.state = state;
  enable(state === "open");
  $("reconnect").hidden = state !== "waiting";
  if (state === "waiting") doing("");
  if (state === "waiting" && !away) note(`The connection is lost: ${because}. It is made again by itself.`);
  if (state === "open" && away) note("The connection is back.");
  away = state === "waiting" || (away && state !== "open");
  if (state === "closed") leave();
}

function onStarted(message) {
  if (waited && !message.resumed) note("The conversation before is over: this is another one.");
  waited = true;
  sessionStorage.setItem(KEPT, message.session_id);
  ends = message.left_s === null ? 0 : Date.now() + message.left_s * 1000;
  showTime();
  $("talk").textContent = "End";
  $("talk").disabled = false;
  const cancels = caller.settings.echoCancellation;
  fact("echo", cancels === undefined ? null : cancels ? "on" : "off: use headphones");
  doing(caller.settings.sampleRate || caller.settings.deviceId ? "Speak." : "Type.");
}

function onTurn({ turn, outcome, answered_by, first_sound_ms, reason }) {
  fact("by", answered_by || null);
  if (first_sound_ms) fact("first", `${Math.round(first_sound_ms)} ms`);
  if (outcome === "interrupted") transcript.cut(turn);
  if (outcome === "failed") note(`No answer: ${reason}`);
  doing(caller?.muted ? "Muted." : "Speak.");
}

function newName() {
  // Without https there is no randomUUID.
  return [...crypto.getRandomValues(new Uint8Array(16))].map((each) => each.toString(16).padStart(2, "0")).join("");
}

function session() {
  const address = new URL(location.href).searchParams;
  const chosen = CHOICES.filter((name) => address.has(name)).map((name) => [name, address.get(name)]);
  return { ...Object.fromEntries(chosen), session_id: sessionStorage.getItem(KEPT) ?? newName() };
}

/** Whether this page may connect; if not, it asks for a key. */
async function mayConnect() {
  try {
    await ask("live-audio/sessions");
  } catch (error) {
    $("entry").hidden = !wantsKey(error);
    note(error.message);
    return false;
  }
  $("entry").hidden = true;
  return true;
}

async function talk() {
  $("talk").disabled = true;
  if (!(await mayConnect())) return leave();
  caller = new Caller({ session: session(), token: tokenFor });
  const handlers = {
    state: onState,
    session_started: onStarted,
    session_ended: () => sessionStorage.removeItem(KEPT),
    error: ({ error }) => note(error),
    transcript: ({ turn, role, text }) => {
      if (!text) return;
      transcript.add(turn, role, text);
      $("keep").disabled = false;
    },
    levels: ({ microphone, answer }) => {
      $("microphone").value = microphone;
      $("answer").value = answer;
    },
    network: ({ round_trip_ms }) => fact("network", `${Math.round(round_trip_ms)} ms`),
    sound: ({ running }) => ($("resume").hidden = running || !caller),
    speech_started: () => doing("You are heard …"),
    speech_ended: () => doing(THINKS),
    interrupted: ({ turn }) => transcript.cut(turn),
    time_left: ({ seconds }) => {
      ends = Date.now() + seconds * 1000;
      $("left").classList.add("soon");
      note(`This conversation ends in ${Math.round(seconds)} s.`);
    },
    going_away: ({ detail }) => note(detail),
    turn_complete: onTurn,
  };
  for (const [type, work] of Object.entries(handlers)) caller.addEventListener(type, ({ detail }) => work(detail));
  try {
    await caller.start();
  } catch (error) {
    note(`This browser cannot talk: ${error.message}`);
    leave();
  }
}

async function look(wanted) {
  clearInterval(camera);
  camera = null;
  const video = $("camera");
  for (const track of video.srcObject?.getTracks() ?? []) track.stop();
  video.srcObject = null;
  video.hidden = !wanted;
  $("look").setAttribute("aria-pressed", String(wanted));
  if (!wanted) return;
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { width: 768 } });
    await video.play();
    camera = setInterval(() => caller?.show(video), CAMERA_MS);
  } catch (error) {
    note(`No camera: ${error.message}`);
    look(false);
  }
}

/** Whether sound and microphone are to be had without asking: then a reload goes on by itself. */
async function mayTalk() {
  const context = new AudioContext();
  const slow = new Promise((resolve) => setTimeout(resolve, SOUND_MS));
  await Promise.race([context.resume(), slow]);
  const sounds = context.state === "running";
  context.close();
  const asked = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
  return sounds && asked?.state === "granted";
}

async function comeBack() {
  if (!sessionStorage.getItem(KEPT)) return;
  waited = true;
  transcript.restore();
  $("keep").disabled = transcript.isEmpty;
  if (await mayTalk()) return talk();
  $("talk").textContent = "Continue";
  $("state").textContent = "Your conversation waits: press Continue.";
}

$("talk").onclick = () => {
  if (!caller) return talk();
  sessionStorage.removeItem(KEPT);
  caller.end();
};
$("reconnect").onclick = () => caller?.reconnect();
$("resume").onclick = () => caller?.resume();
$("mute").onclick = () => {
  mute(!caller.muted);
  doing(caller.muted ? "Muted." : "Speak.");
};
$("look").onclick = () => look(camera === null);
$("typing").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text || !caller?.type(text)) return;
  $("text").value = "";
  doing(THINKS);
};
$("keep").onclick = () => keepAsFile(transcript.toText(), "conversation.txt");
serveEntry($("entry"), talk);
serveFiles($("file"), ownHeaders);
setInterval(showTime, 1000);
comeBack();

// The page of a caller who has only a browser.
import { Caller } from "./caller.js";

const $ = (id) => document.getElementById(id);
const KEPT = "greenroom-session"; // So that a reload comes back to the same conversation.
const CAMERA_MS = 1000;
const STATES = {
  closed: "Not connected.",
  connecting: "Connecting …",
  open: "Connected: speak.",
  waiting: "Connection lost: coming back …",
};

let caller = null;
let camera = null;
let ends = 0;
const lines = new Map(); // By turn and role.
const facts = {};

// What the user said may be known later than the beginning of its answer, and stands above it.
function line(key, role, turn) {
  if (!lines.has(key)) {
    const item = document.createElement("li");
    item.className = role;
    item.dir = "auto";
    const answer = role === "user" ? lines.get(`${turn} model`) : undefined;
    $("transcript").insertBefore(item, answer ?? null);
    lines.set(key, item);
  }
  return lines.get(key);
}

function write(key, role, text, turn) {
  const list = $("transcript");
  const atEnd = list.scrollTop + list.clientHeight > list.scrollHeight - 40;
  line(key, role, turn).textContent += text;
  if (atEnd) list.scrollTop = list.scrollHeight;
  $("keep").disabled = false;
}

function note(text) {
  write(`note ${performance.now()}`, "note", text);
}

function show(name, value) {
  facts[name] = value;
  const left = ends ? Math.max(0, Math.round((ends - Date.now()) / 1000)) : null;
  const shown = Object.entries(facts).filter(([, each]) => each !== null && each !== undefined);
  if (left !== null) shown.push(["time left", `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`]);
  $("facts").textContent = shown.map(([key, each]) => `${key}: ${each}`).join(" · ");
}

function enable(open) {
  for (const each of [$("mute"), $("look"), $("text"), $("typing").querySelector("button")]) each.disabled = !open;
}

function leave() {
  look(false);
  enable(false);
  caller = null;
  ends = 0;
  $("talk").textContent = "Talk";
  $("talk").disabled = false;
}

async function talk() {
  $("talk").disabled = true;
  const session_id = sessionStorage.getItem(KEPT) ?? crypto.randomUUID();
  caller = new Caller({ session: { session_id } });
  const on = (type, work) => caller.addEventListener(type, ({ detail }) => work(detail));
  on("state", ({ state, because }) => {
    $("state").textContent = STATES[state] + (because ? ` (${because})` : "");
    enable(state === "open");
    if (state === "closed") leave();
  });
  on("session_started", (message) => {
    sessionStorage.setItem(KEPT, message.session_id);
    ends = Date.now() + message.lasts_s * 1000;
    $("talk").textContent = "End";
    $("talk").disabled = false;
    const cancels = caller.settings.echoCancellation;
    show("echo cancellation", cancels === undefined ? null : cancels ? "on" : "off: use headphones");
  });
  on("session_ended", () => sessionStorage.removeItem(KEPT));
  on("error", ({ error }) => {
    note(error);
    // A conversation that is over is not come back to: the next one has another name.
    if (/is over/.test(error)) {
      sessionStorage.removeItem(KEPT);
      caller.session.session_id = crypto.randomUUID();
      caller.socket.close();
    }
  });
  on("transcript", ({ turn, role, text }) => text && write(`${turn} ${role}`, role, text, turn));
  on("levels", ({ microphone, answer }) => {
    $("microphone").value = microphone;
    $("answer").value = answer;
  });
  on("time_left", ({ seconds }) => note(`This conversation ends in ${seconds} s.`));
  on("turn_complete", ({ outcome, answered_by, first_sound_ms, reason }) => {
    show("answered by", answered_by || null);
    if (first_sound_ms) show("first sound", `${Math.round(first_sound_ms)} ms`);
    if (outcome === "failed") note(`No answer: ${reason}`);
  });
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

$("talk").onclick = () => {
  if (!caller) return talk();
  sessionStorage.removeItem(KEPT);
  caller.end();
};
$("mute").onclick = () => {
  caller.muted = !caller.muted;
  $("mute").setAttribute("aria-pressed", String(caller.muted));
};
$("look").onclick = () => look(camera === null);
$("typing").onsubmit = (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (!text) return;
  caller.type(text);
  $("text").value = "";
};
$("keep").onclick = () => {
  const said = [...document.querySelectorAll("#transcript li:not(.note)")];
  const text = said.map((item) => `${item.className === "user" ? "you" : "answer"}: ${item.textContent}`).join("\n");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = "conversation.txt";
  link.click();
  URL.revokeObjectURL(link.href);
};
setInterval(() => ends && show(), 1000);

// Everybody's sessions, for who runs the gateway.
import { ask, serveEntry, wantsKey } from "./asking.js";

const $ = (id) => document.getElementById(id);
const EACH_MS = 1000;

let chosen = null;

const at = (seconds) => new Date(seconds * 1000).toLocaleTimeString();
const counts = (turns) => Object.entries(turns).map(([outcome, count]) => `${count} ${outcome}`).join(", ") || "none";
const ms = (value) => (value === null ? "-" : `${Math.round(value)} ms`);

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = className;
  return made;
}

function button(text, name, work) {
  const made = element("button", text);
  made.setAttribute("aria-label", name);
  made.onclick = work;
  return made;
}

// A row is made once, and keeps the focus that is in it.
function row(session) {
  const name = session.session_id;
  const made = document.createElement("tr");
  made.dataset.session = name;
  const cells = Array.from({ length: 9 }, () => made.insertCell());
  cells[0].append(button(name, `Show ${name}`, () => choose(name)));
  cells[8].append(button("End", `End ${name}`, () => end(name)));
  return made;
}

function fill(made, session) {
  const texts = [
    session.state,
    at(session.opened_at),
    counts(session.turns),
    session.answered_by || "-",
    ms(session.first_sound_ms),
    String(session.faults),
    session.address || "-",
  ];
  texts.forEach((text, i) => {
    if (made.cells[i + 1].textContent !== text) made.cells[i + 1].textContent = text;
  });
  made.cells[6].className = session.faults ? "bad" : "";
  made.setAttribute("aria-current", String(session.session_id === chosen));
}

function list(id, texts, className = "") {
  const items = texts.length ? texts.map((text) => element("li", text, className)) : [element("li", "none")];
  if ($(id).textContent !== items.map((item) => item.textContent).join("")) $(id).replaceChildren(...items);
}

const fault = (each) => `${at(each.at)} ${each.backend} ${each.class}: ${each.reason}${each.advice && ` (${each.advice})`}`;

function showAll({ sessions, ended, faults, problem }) {
  $("state").textContent = `${sessions.length} open${problem ? `; nobody new is taken: ${problem}` : ""}`;
  const rows = new Map([...$("open").rows].map((each) => [each.dataset.session, each]));
  for (const session of sessions) {
    const made = rows.get(session.session_id) ?? $("open").appendChild(row(session));
    rows.delete(session.session_id);
    fill(made, session);
  }
  for (const gone of rows.values()) gone.remove();
  list("ended", ended.map((each) => `${at(each.ended_at)} ${each.session_id}: ${each.reason}, ${each.detail}; turns: ${counts(each.turns)}`));
  list("others", faults.map(fault), "bad");
}

// Rooms that share a database.
function showRooms({ room, rooms, callers }) {
  const rows = new Map([...$("rooms").rows].map((each) => [each.dataset.room, each]));
  for (const each of rooms) {
    const made = rows.get(each.name) ?? $("rooms").appendChild(roomRow(each.name));
    rows.delete(each.name);
    const here = each.name === room ? " (this one)" : "";
    [`${each.name}${here}`, each.state, `${each.taken} of ${each.places}`, each.address || "-", each.version].forEach((text, i) => {
      if (made.cells[i].textContent !== text) made.cells[i].textContent = text;
    });
    made.cells[1].className = each.state === "gone" ? "bad" : "";
    const [drain] = made.cells[5].children;
    const verb = each.state === "draining" ? "Open" : "Empty";
    drain.hidden = each.state === "gone";
    if (drain.textContent !== verb) drain.textContent = verb;
    drain.setAttribute("aria-label", `${verb} ${each.name}`);
  }
  for (const gone of rows.values()) gone.remove();
  list("where", callers.map((each) =>
    `${each.session_id}: in ${each.room} since ${at(each.here_since)}${each.moves ? `, moved ${each.moves} times` : ""}${each.state === "away" ? ", away" : ""}`));
}

// Places of the projects of Gemini, and what is left alone, in all rooms that share them.
function showQuota({ projects, resting }) {
  $("shares").hidden = !projects.length;
  list("projects", projects.map((each) => `${each.name}: ${each.taken}${each.live_sessions === null ? "" : ` of ${each.live_sessions}`}`));
  list("resting", resting.map((each) =>
    `${each.project}${each.key && `, key ${each.key}`}${each.model && `, ${each.model}`}: ${each.fault}, ${Math.ceil(each.left_s)} s`), "bad");
}

function roomRow(name) {
  const made = document.createElement("tr");
  made.dataset.room = name;
  const cells = Array.from({ length: 6 }, () => made.insertCell());
  cells[5].append(button("Empty", `Empty ${name}`, ({ target }) => drain(name, target.textContent === "Empty")));
  return made;
}

async function drain(room, draining) {
  if (draining && !confirm(`Empty the room ${room}? It takes nobody new; who is there finishes.`)) return;
  await ask("operator/room/drain", { room, draining }).catch((error) => ($("state").textContent = error.message));
  refresh();
}

function showOne(session) {
  $("one").hidden = false;
  $("name").textContent = `${session.session_id}: ${session.state}${session.detail && `, ${session.detail}`}`;
  $("labels").textContent = Object.entries(session.labels).map(([name, value]) => `${name}: ${value}`).join(" · ");
  const words = session.shows_words ? session.words : [{ role: "note", text: "This caller asked that nothing be written down." }];
  const said = JSON.stringify(words);
  if ($("transcript").dataset.said !== said) {
    const atEnd = $("transcript").scrollTop + $("transcript").clientHeight > $("transcript").scrollHeight - 40;
    $("transcript").dataset.said = said;
    $("transcript").replaceChildren(
      ...words.map(({ role, text }) => Object.assign(element("li", text, role), { dir: "auto" })),
    );
    if (atEnd) $("transcript").scrollTop = $("transcript").scrollHeight;
  }
  list("turns", session.turns_closed.map((each) =>
    `${each.outcome}${each.answered_by && ` by ${each.answered_by}`}, first sound ${ms(each.first_sound_ms)}${each.reason && `: ${each.reason}`}`).reverse());
  list("routes", session.routes.map((each) => `${at(each.at)} ${each.backend || "nobody"}: ${each.reason}`).reverse());
  list("faults", session.faults.map(fault).reverse(), "bad");
}

function choose(name) {
  chosen = name;
  refresh();
}

async function end(name) {
  if (!confirm(`End the session ${name}? Its caller is told that the operator ended it.`)) return;
  await ask("operator/session/end", { session_id: name }).catch((error) => ($("state").textContent = error.message));
  refresh();
}

async function refresh() {
  try {
    const told = await ask("operator/sessions");
    showAll(told);
    $("entry").hidden = true;
    // One that is by itself has no name, and no others.
    $("house").hidden = !told.room.name;
    showQuota(told.quota);
    if (told.room.name) showRooms(await ask("operator/rooms"));
    if (chosen !== null) showOne(await ask(`operator/session/${encodeURIComponent(chosen)}`));
  } catch (error) {
    if (error.status === 404) chosen = null;
    $("state").textContent = error.status ? error.message : "The gateway does not answer.";
    $("entry").hidden = !wantsKey(error);
  }
}

serveEntry($("entry"), refresh);
setInterval(() => document.hidden || refresh(), EACH_MS);
refresh();

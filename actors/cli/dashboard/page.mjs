// Draws what comes over the websocket. Words from outside become text nodes, never markup.

const RETRY_MS = 1000;
const NOTHING = "-";

const whole = (value) => (value === null ? NOTHING : value.toFixed(0));
const tenths = (value) => (value === null ? NOTHING : value.toFixed(1));

function element(page, tag, { text, classes = [], ...attributes } = {}, children = []) {
  const made = page.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (classes.length) made.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// A column: heading, what a cell says, and optionally its class, or what it holds instead of text.
const COLUMNS = {
  actors: () => [
    { head: "actor", text: (row) => row.actor },
    { head: "state", text: (row) => row.state, kind: (row) => `wordy ${row.mood}` },
    { head: "restarts", text: (row) => String(row.restarts), number: true },
    { head: "memory, MiB", text: (row) => whole(row.memory_mib), number: true },
  ],
  streams: () => [
    { head: "stream", text: (row) => row.stream, kind: (row) => (row.rate_hz ? "" : "idle") },
    { head: "rate, Hz", text: (row) => tenths(row.rate_hz || null), number: true },
    { head: "age p50, ms", text: (row) => tenths(row.age_p50_ms), number: true },
    { head: "age p99, ms", text: (row) => tenths(row.age_p99_ms), number: true },
    { head: "drops", text: (row) => String(row.drops), number: true,
      kind: (row) => (row.drops ? "bad" : "idle") },
  ],
  levels: () => [
    { head: "sound", text: (row) => row.stream },
    { head: "", kind: () => "bar", hold: level },
    { head: "dBFS", text: (row) => whole(row.level_dbfs), number: true,
      kind: (row) => (row.loud ? "bad" : "") },
  ],
  sessions: () => [
    { head: "since", text: (row) => row.at },
    { head: "session", text: (row) => row.session },
    { head: "labels", text: (row) => row.labels, kind: () => "wordy" },
    { head: "turns", text: (row) => String(row.turns), number: true },
    { head: "last turn", text: (row) => row.outcome || NOTHING, kind: (row) => row.outcome },
    { head: "cost", text: (row) => row.cost || NOTHING, number: true },
  ],
  routes: (rows) => [
    { head: "at", text: (row) => row.at },
    ...sessionColumn(rows),
    { head: "backend", text: (row) => row.backend },
    { head: "because", text: (row) => row.reason, kind: () => "wordy" },
  ],
  turns: (rows) => [
    { head: "closed at", text: (row) => row.at },
    ...sessionColumn(rows),
    { head: "outcome", text: (row) => row.outcome, kind: (row) => row.outcome },
    { head: "backend", text: (row) => row.backend },
    ...stageNames(rows).map((name) => (
      { head: name, text: (row) => whole(row.stages_ms[name]), number: true })),
    { head: "first sound", text: (row) => whole(row.first_sound_ms), number: true },
    { head: "", kind: () => "bar", hold: (page, row) => stages(page, row, slowest(rows)) },
    { head: "playback", text: (row) => whole(row.playback_ms), number: true },
  ],
};

const sessionColumn = (rows) => (new Set(rows.map((row) => row.session)).size > 1
  ? [{ head: "session", text: (row) => row.session }] : []);
const stageNames = (rows) => (rows.length ? Object.keys(rows[0].stages_ms) : []);
const total = (row) => Object.values(row.stages_ms).reduce((sum, ms) => sum + Math.max(0, ms ?? 0), 0);
const slowest = (rows) => Math.max(1, ...rows.map(total));

function level(page, row) {
  const meter = element(page, "meter", { min: 0, max: 1, high: 0.95, optimum: 0.5, value: row.share });
  meter.setAttribute("aria-label", `${row.stream}: ${whole(row.level_dbfs)} dBFS`);
  return meter;
}

function stages(page, row, longest_ms) {
  const pieces = Object.values(row.stages_ms).map((ms, index) => {
    const piece = element(page, "i", { classes: [`stage${index}`] });
    piece.style.width = `${(100 * Math.max(0, ms ?? 0)) / longest_ms}%`;
    return ms === null ? null : piece;
  });
  return element(page, "div", { classes: ["stages"] }, pieces.filter(Boolean));
}

function cell(page, column, row) {
  const classes = [column.number ? "number" : "", column.kind?.(row) ?? ""].filter(Boolean);
  if (column.hold) return element(page, "td", { classes }, [column.hold(page, row)]);
  return element(page, "td", { text: column.text(row), classes });
}

function table(page, name, rows) {
  const columns = COLUMNS[name](rows);
  const heads = columns.map((each) => (
    element(page, "th", { text: each.head, scope: "col", classes: each.number ? ["number"] : [] })));
  const lines = rows.map((row) => element(page, "tr", {}, columns.map((each) => cell(page, each, row))));
  if (!rows.length) lines.push(element(page, "tr", {}, [element(page, "td", { text: "none yet", classes: ["none"] })]));
  page.getElementById(name).replaceChildren(
    element(page, "thead", {}, [element(page, "tr", {}, rows.length ? heads : [])]),
    element(page, "tbody", {}, lines));
}

function words(page, lines) {
  const list = page.getElementById("words");
  // Whoever has scrolled back wants to read there.
  const follows = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
  list.replaceChildren(...lines.map(([who, said]) => {
    // Isolated, with a direction of its own: Arabic and Hebrew are read from the right.
    const words = element(page, "bdi", { text: said });
    return element(page, "li", { classes: [who] }, [element(page, "b", { text: who }), words]);
  }));
  if (!lines.length) list.append(element(page, "li", { text: "nothing said yet", classes: ["none"] }));
  if (follows) list.scrollTop = list.scrollHeight;
}

function key(page, rows) {
  page.getElementById("key").replaceChildren(...stageNames(rows).map((name, index) => {
    const line = element(page, "li", {}, [element(page, "i", { classes: [`stage${index}`] })]);
    line.append(name);
    return line;
  }));
}

/** Draw the panels that have changed; `page` is a document. */
export function show(page, panels) {
  for (const [name, content] of Object.entries(panels)) {
    if (name === "words") words(page, content);
    else if (name in COLUMNS) table(page, name, content);
    else page.getElementById(name).textContent = content;
    if (name === "turns") key(page, content);
    if (name === "sessions") page.getElementById("callers").hidden = !content.length;
    if (name === "pipeline") page.title = `${content}: greenroom`;
  }
}

function connect(page) {
  const socket = new WebSocket(new URL("live", page.location.href.replace(/^http/, "ws")));
  const away = page.getElementById("away");
  socket.onmessage = (message) => {
    away.hidden = true;
    show(page, JSON.parse(message.data));
  };
  socket.onclose = () => {
    away.hidden = false;
    setTimeout(connect, RETRY_MS, page);
  };
}

if (globalThis.document) connect(document);

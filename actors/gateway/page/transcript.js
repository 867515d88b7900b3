// What was said, as lines of a list; kept over a reload, and to be kept as a file.
const SPEAKERS = { user: "You", model: "Answer" };
const SCRIPTS = [
  // Which language a script tells of: fonts and the voices of screen readers follow it.
  [/[\u3040-\u30ff]/, "ja"],
  [/[\uac00-\ud7af]/, "ko"],
  [/[\u4e00-\u9fff]/, "zh"],
  [/[\u0600-\u06ff]/, "ar"],
  [/[\u0590-\u05ff]/, "he"],
  [/[\u0900-\u097f]/, "hi"],
  [/[\u0980-\u09ff]/, "bn"],
  [/[\u0b80-\u0bff]/, "ta"],
  [/[\u0e00-\u0e7f]/, "th"],
  [/[\u0370-\u03ff]/, "el"],
  [/[\u0400-\u04ff]/, "ru"],
];

/** The language that a text's script tells of; empty for those of many languages, as Latin is. */
export function languageOf(text) {
  return SCRIPTS.find(([script]) => script.test(text))?.[1] ?? "";
}

export class TranscriptList {
  /**
   * @param {HTMLElement} list
   * @param {Storage} storage Where it outlives a reload.
   * @param {string} key Under which name.
   */
  constructor(list, storage, key) {
    this.list = list;
    this.storage = storage;
    this.key = key;
    this.lines = new Map(); // By turn and role; what is said in notes has a number for a turn.
    this.notes = 0;
    addEventListener("pagehide", () => this.save());
  }

  get isEmpty() {
    return !this.lines.size;
  }

  /** Add a piece of what somebody said. */
  add(turn, role, text) {
    const line = this.lines.get(`${turn} ${role}`) ?? this.begin(turn, role, new Date().toISOString());
    const atEnd = this.list.scrollTop + this.list.clientHeight > this.list.scrollHeight - 40;
    line.text += text;
    line.words.textContent = line.text;
    const language = languageOf(line.text);
    if (language) line.words.lang = language;
    if (atEnd) this.list.scrollTop = this.list.scrollHeight;
  }

  /** Say something about the conversation. */
  note(text) {
    this.add(`n${++this.notes}-${Date.now()}`, "note", text);
  }

  /** An answer was not heard to its end. */
  cut(turn) {
    this.lines.get(`${turn} model`)?.item.classList.add("cut");
  }

  // What the user said may be known later than the beginning of its answer, and stands above it.
  begin(turn, role, at) {
    const item = document.createElement("li");
    const words = document.createElement("span");
    item.className = role;
    words.dir = "auto";
    if (SPEAKERS[role]) {
      const who = document.createElement("span");
      who.className = "unseen";
      who.textContent = `${SPEAKERS[role]}: `;
      item.append(who);
    }
    item.append(words);
    const answer = role === "user" ? this.lines.get(`${turn} model`) : undefined;
    this.list.insertBefore(item, answer?.item ?? null);
    const line = { turn, role, at, text: "", item, words };
    this.lines.set(`${turn} ${role}`, line);
    return line;
  }

  inOrder() {
    const lines = [...this.lines.values()];
    const places = new Map([...this.list.children].map((item, place) => [item, place]));
    return lines.sort((one, other) => places.get(one.item) - places.get(other.item));
  }

  save() {
    const lines = this.inOrder().map(({ turn, role, at, text }) => ({ turn, role, at, text }));
    this.storage.setItem(this.key, JSON.stringify(lines));
  }

  restore() {
    for (const { turn, role, at, text } of JSON.parse(this.storage.getItem(this.key) ?? "[]")) {
      this.begin(turn, role, at);
      this.add(turn, role, text);
    }
  }

  /** The whole as text, a line each. */
  toText() {
    const said = this.inOrder().filter(({ role }) => SPEAKERS[role]);
    return said.map(({ role, at, text }) => `${at.slice(0, 19)}Z ${SPEAKERS[role]}: ${text.trim()}\n`).join("");
  }
}

/** Let the browser keep a text as a file. */
export function keepAsFile(text, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
  link.download = name;
  link.click();
  // Some browsers begin to read it only after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

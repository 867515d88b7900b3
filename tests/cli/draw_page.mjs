// Draws panels, read from standard input, into the page; writes what then is in it.
import { readFileSync } from "node:fs";
import { parseHTML } from "linkedom";

const folder = process.argv[2];
const { document } = parseHTML(readFileSync(`${folder}/page.html`, "utf8"));

// A browser as far as the script needs one.
const sockets = [];
const waits = [];
document.location = { href: "http://127.0.0.1:9465/key/" };
globalThis.document = document;
globalThis.WebSocket = class {
  constructor(url) { sockets.push(this); this.url = String(url); }
};
globalThis.setTimeout = (call, ms, ...given) => waits.push({ call: () => call(...given), ms });

const { show } = await import(`file://${folder}/page.mjs`);
const away = document.getElementById("away");
const connection = { url: sockets[0].url, away: [] };
const note = () => connection.away.push(!away.hasAttribute("hidden"));
sockets[0].onmessage({ data: JSON.stringify({ headline: "first" }) });
note();
sockets[0].onclose();
note();
connection.waited_ms = waits[0].ms;
waits[0].call();
sockets[1].onmessage({ data: JSON.stringify({ headline: "second" }) });
note();
connection.headline = document.getElementById("headline").textContent;
for (const panels of JSON.parse(readFileSync(0, "utf8"))) show(document, panels);

const rows = (id) => [...document.querySelectorAll(`#${id} tr`)].map(
  (row) => [...row.children].map((cell) => cell.textContent));
console.log(JSON.stringify({
  connection,
  title: document.title,
  headline: document.getElementById("headline").textContent,
  tables: Object.fromEntries(
    ["actors", "streams", "levels", "routes", "turns", "sessions"].map((id) => [id, rows(id)])),
  words: [...document.querySelectorAll("#words li")].map((line) => line.textContent),
  isolated: [...document.querySelectorAll("#words bdi")].map((words) => words.textContent),
  stages: [...document.querySelectorAll("#turns .stages")].map(
    (bar) => [...bar.children].map((piece) => piece.style.width)),
  scripts: document.querySelectorAll("script").length,
  images: document.querySelectorAll("img").length,
}));

// Draws panels, read from standard input, into the page; writes what then is in it.
import { readFileSync } from "node:fs";
import { parseHTML } from "linkedom";

const folder = process.argv[2];
const { show } = await import(`file://${folder}/page.mjs`);
const { document } = parseHTML(readFileSync(`${folder}/page.html`, "utf8"));
for (const panels of JSON.parse(readFileSync(0, "utf8"))) show(document, panels);

const rows = (id) => [...document.querySelectorAll(`#${id} tr`)].map(
  (row) => [...row.children].map((cell) => cell.textContent));
console.log(JSON.stringify({
  title: document.title,
  headline: document.getElementById("headline").textContent,
  tables: Object.fromEntries(
    ["actors", "streams", "levels", "routes", "turns"].map((id) => [id, rows(id)])),
  words: [...document.querySelectorAll("#words li")].map((line) => line.textContent),
  stages: [...document.querySelectorAll("#turns .stages")].map(
    (bar) => [...bar.children].map((piece) => piece.style.width)),
  scripts: document.querySelectorAll("script").length,
  images: document.querySelectorAll("img").length,
}));

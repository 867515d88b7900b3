// A sound file, put into words by the gateway.
import { keepAsFile, languageOf } from "./transcript.js";

const ADDRESS = new URL("../api/v1/live-audio/transcribe", import.meta.url);

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

const LINES = "application/x-ndjson";

/** The newest whole line of what came; null: there is none. */
function newest(text) {
  const lines = text.slice(0, text.lastIndexOf("\n") + 1).trimEnd();
  return lines && JSON.parse(lines.slice(lines.lastIndexOf("\n") + 1));
}

/**
 * Send a form; tell which share of it is sent, then what is heard of it; resolve with the answer, or reject
 * with why there is none.
 */
export function upload(form, headers, tell) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => tell({ sent: loaded / total });
    request.upload.onload = () => tell({});
    request.onprogress = () => {
      const heard = request.status === 200 && newest(request.responseText);
      if (heard && "heard_s" in heard) tell(heard);
    };
    request.onload = () => {
      let answer = {};
      try {
        answer = request.status === 200 ? newest(request.responseText) : JSON.parse(request.responseText);
      } catch {
        // A proxy in between says it in HTML.
      }
      if (answer?.success) resolve(answer);
      else reject(new Error(answer?.error ?? `the gateway answered ${request.status}`));
    };
    request.onerror = () => reject(new Error("the connection is lost"));
    request.onabort = () => reject(new Error("you stopped it"));
  });
  request.open("POST", ADDRESS);
  request.setRequestHeader("Accept", LINES);
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
  request.send(form);
  return { done, stop: () => request.abort() };
}

function paragraph(text, start) {
  const item = document.createElement("li");
  if (start !== undefined) {
    const time = document.createElement("time");
    time.textContent = clock(start);
    item.append(time, " ");
  }
  const words = document.createElement("span");
  words.dir = "auto";
  words.textContent = text;
  words.lang = languageOf(text);
  item.append(words);
  return item;
}

function told(answer) {
  const said = answer.segments.map(({ start_s, text }) => paragraph(text, start_s));
  const missed = (answer.missed ?? []).map(({ start_s, reason }) => paragraph(`no words: ${reason}`, start_s));
  if (!said.length && !missed.length) said.push(paragraph("Nobody is heard in it."));
  const reply = answer.answer ?? (answer.answer_error ? `No answer: ${answer.answer_error}` : null);
  return [...said, ...missed, ...(reply ? [paragraph(reply)] : [])];
}

/** Let the form of the page do it. `headers` returns what the gateway wants to see of the caller. */
export function serveFiles(form, headers) {
  const part = (name) => form.querySelector(`[data-part="${name}"]`);
  let running = null;
  let text = "";
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (running) return running.stop();
    const body = new FormData(form);
    part("send").textContent = "Stop";
    part("progress").hidden = false;
    part("keep").disabled = true;
    part("state").textContent = "Sending …";
    running = upload(body, headers(), ({ sent, heard_s, duration_s, text: words }) => {
      const share = sent ?? heard_s / duration_s;
      if (Number.isNaN(share)) part("progress").removeAttribute("value");
      else part("progress").value = share;
      if (sent === undefined) part("state").textContent = "Listening to it …";
      if (words) part("words").replaceChildren(paragraph(words));
    });
    try {
      const answer = await running.done;
      part("words").replaceChildren(...told(answer));
      part("state").textContent = `${clock(answer.duration_s)} heard.`;
      text = [...part("words").children].map((item) => `${item.textContent}\n`).join("");
      part("keep").disabled = false;
    } catch (error) {
      part("state").textContent = `It did not work: ${error.message}`;
    }
    running = null;
    part("send").textContent = "Put into words";
    part("progress").hidden = true;
  };
  part("keep").onclick = () => keepAsFile(text, "words.txt");
}

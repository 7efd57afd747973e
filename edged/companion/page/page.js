// Keeps the page as it is at the kiosk: takes sections from a stream of events, and sends what the buttons ask for.
"use strict";

const by = (id) => document.getElementById(id);
const LEAST_MS = 1000;
const MOST_MS = 30000;

let stream = null;
let page = ""; // the key of this page, from the stream; empty while there is none
let again = 0; // the timer of the next try
let waitMs = LEAST_MS;
let ended = false;
let frame = ""; // what this page has that no news change

function banner(text) {
  by("banner").textContent = text;
  by("banner").hidden = text === "";
}

// -- what is shown ---------------------------------------------------------------------------------------------

function section({ id, html }) {
  const place = by(`section-${id}`);
  if (place) place.innerHTML = html; // made by the companion, which escapes every text
}

function facts({ up, volume, muted, say }) {
  const slider = by("volume");
  if (volume !== null && document.activeElement !== slider) {
    slider.value = String(volume);
    by("volume-words").textContent = String(volume);
  }
  by("mute").hidden = muted;
  by("unmute").hidden = !muted;
  for (const button of by("controls").querySelectorAll("button, input")) button.disabled = !up;
  if (!up) release();
  if (by("said").textContent !== say) by("said").textContent = say;
}

function level({ value, words }) {
  by("level").value = value;
  by("level").textContent = words;
  by("level-words").textContent = words;
}

// -- the stream ------------------------------------------------------------------------------------------------

function open() {
  if (stream || ended || document.hidden) return;
  const wire = by("details-wire").open ? "?wire=1" : "";
  const opened = new EventSource(`/events${wire}`);
  stream = opened;
  const hear = (name, take) => opened.addEventListener(name, (event) => opened === stream && take(JSON.parse(event.data)));
  hear("hello", (hello) => {
    if (frame && frame !== hello.frame) return location.reload();
    frame = hello.frame;
    page = hello.page;
    waitMs = LEAST_MS;
    banner("");
    by("controls").hidden = false;
    for (const each of document.querySelectorAll("[data-do]")) each.hidden = each.id === "unmute";
    if (by("press")) by("press").disabled = !hello.button;
  });
  hear("section", section);
  hear("facts", facts);
  hear("level", level);
  hear("end", ({ text }) => {
    ended = true;
    close();
    banner(`${text} Load this page again to use it here.`);
  });
  opened.onerror = () => {
    if (opened !== stream) return;
    close();
    banner("The page has lost the companion, and tries again. What it shows may be old.");
    again = setTimeout(open, waitMs * (0.5 + Math.random() / 2));
    waitMs = Math.min(MOST_MS, waitMs * 2);
    askForToken();
  };
}

// The token may be another one by now, or the cookie too old.
async function askForToken() {
  try {
    if ((await fetch("/", { method: "HEAD" })).status === 401) location.reload();
  } catch {
    // the companion does not answer
  }
}

function close() {
  release();
  clearTimeout(again);
  if (stream) stream.close();
  stream = null;
  page = "";
  if (by("press")) by("press").disabled = true;
}

// -- what somebody asks for ------------------------------------------------------------------------------------

async function ask(what, more = {}) {
  try {
    const answer = await fetch(`/do/${what}`, {
      method: "POST",
      headers: { "X-Edged-Page": page || "none", "Content-Type": "application/json" },
      body: JSON.stringify(more),
    });
    const said = answer.headers.get("Content-Type") === "application/json" ? await answer.json() : { error: await answer.text() };
    if (said.error) return said.error;
    return said.refused ? `${said.refused.text || "not now"} ${said.refused.remedy || ""}` : "";
  } catch {
    return "The companion does not answer.";
  }
}

async function tell(what, more) {
  by("outcome").textContent = await ask(what, more);
}

for (const button of document.querySelectorAll("[data-do]")) {
  button.addEventListener("click", () => tell(button.dataset.do));
}
by("volume").addEventListener("input", () => (by("volume-words").textContent = by("volume").value));
by("volume").addEventListener("change", () => tell("volume", { volume: Number(by("volume").value) }));

// The button: a press lasts as long as it is held. A release waits for its press, so that it never comes first.
let pressing = null;

function press() {
  if (pressing || !page || by("press").disabled) return;
  by("press").setAttribute("aria-pressed", "true");
  pressing = ask("press").then((text) => (by("outcome").textContent = text));
}

function release() {
  if (!pressing) return;
  by("press").setAttribute("aria-pressed", "false");
  const pressed = pressing;
  pressing = null;
  pressed.then(() => ask("release"));
}

if (by("press")) {
  const button = by("press");
  button.disabled = true;
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    button.setPointerCapture(event.pointerId);
    press();
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"]) button.addEventListener(name, release);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) press();
  });
  button.addEventListener("keyup", (event) => (event.key === " " || event.key === "Enter") && release());
  window.addEventListener("blur", release);
}

by("details-wire").addEventListener("toggle", () => {
  if (!stream) return;
  close();
  open();
});
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
window.addEventListener("pagehide", close);
window.addEventListener("pageshow", open);
open();

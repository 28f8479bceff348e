// Keeps the page fresh and sends what the person does to the control interface.
"use strict";
const part = document.getElementById("part");
const user = document.getElementById("user");
const said = document.getElementById("said");

async function act(path, body) {
  const answer = await fetch("/control/" + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user: user.value, wait: 5, ...body }),
  });
  const found = await answer.json();
  said.textContent = answer.ok ? (found.done ? "" : "The application did not respond.") : found.error;
}

function showTimes() {
  for (const time of part.querySelectorAll("time")) {
    const at = new Date(Number(time.dataset.at) * 1000);
    const style = time.dataset.style;
    const left = Math.round((at - Date.now()) / 1000);
    const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
    const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]
      .find(([, seconds]) => Math.abs(left) >= seconds) ?? ["second", 1];
    time.textContent = style === "R" ? relative.format(Math.trunc(left / size), unit)
      : style === "t" || style === "T" ? at.toLocaleTimeString() : at.toLocaleString();
    time.title = at.toISOString();
  }
}

function show(html) {
  const typed = part.querySelector("form.modal :focus");
  if (typed) return false; // never take away what somebody is writing
  part.innerHTML = html;
  for (const embed of part.querySelectorAll(".embed")) embed.style.borderColor = "#" + embed.dataset.color;
  showTimes();
  return true;
}

// One long poll at a time; choosing another person gives it up and asks anew.
let poll = new AbortController();
const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

async function follow() {
  let since = Number(part.dataset.revision), shownFor = user.value;
  for (;;) {
    const who = user.value;
    try {
      poll = new AbortController();
      const address = `/part?since=${who === shownFor ? since : -1}&user=${encodeURIComponent(who)}`;
      const answer = await fetch(address, { signal: poll.signal });
      const html = await answer.text();
      if (show(html)) [since, shownFor] = [Number(answer.headers.get("X-Revision")), who];
      else await pause(300);
    } catch (error) {
      if (error.name !== "AbortError") await pause(1000);
    }
  }
}

part.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-press]");
  if (button) act("press", { message_id: button.dataset.message, custom_id: button.dataset.press });
});
part.addEventListener("change", (event) => {
  const chosen = event.target.closest("select[data-press]");
  if (chosen) act("press", { message_id: chosen.dataset.message, custom_id: chosen.dataset.press, values: [chosen.value] });
});
part.addEventListener("submit", (event) => {
  event.preventDefault();
  document.activeElement.blur();
  const values = Object.fromEntries(new FormData(event.target));
  act("modal", { interaction_id: event.target.dataset.interaction, values });
});
document.getElementById("command").addEventListener("submit", (event) => {
  event.preventDefault();
  const line = document.getElementById("line");
  const words = line.value.match(/[^\s=]+="[^"]*"|\S+/g) ?? [];
  const options = {}, name = [];
  for (const word of words) {
    const at = word.indexOf("=");
    if (at < 0) name.push(word);
    else options[word.slice(0, at)] = word.slice(at + 1).replace(/^"|"$/g, "");
  }
  act("command", { name: name.join(" "), options });
  line.value = "";
});
user.addEventListener("change", () => poll.abort());
setInterval(showTimes, 1000);
showTimes();
follow();

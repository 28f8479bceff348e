// Keeps the page fresh and sends what the person does to the control interface.
"use strict";
const part = document.getElementById("part");
const user = document.getElementById("user");
const locale = document.getElementById("locale");
const said = document.getElementById("said");

const NEAR_PX = 80; // who reads within this of the end is taken along to what comes next
const closed = new Set(); // modals that were sent or cancelled
let toEnd = false; // whether the next change brings what was asked for, which stands last

function showEnd() {
  const last = part.lastElementChild;
  last?.scrollIntoView({ block: "end" });
  last?.querySelector?.("form.modal input, form.modal textarea")?.focus();
}

async function act(path, body) {
  const answer = await fetch("/control/" + path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ user: user.value, locale: locale.value, wait: 5, ...body }),
  });
  const found = await answer.json();
  said.textContent = answer.ok ? (found.callback ? "" : "The application did not respond.") : found.error;
  toEnd = answer.ok && found.callback !== "update" && found.callback !== "deferred_update";
  if (toEnd) showEnd();
  return answer.ok;
}

function showTimes() {
  for (const time of part.querySelectorAll("time")) {
    const at = new Date(Number(time.dataset.at) * 1000);
    const style = time.dataset.style;
    const left = Math.round((at - Date.now()) / 1000);
    const relative = new Intl.RelativeTimeFormat(locale.value, { numeric: "auto" });
    const [unit, size] = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]
      .find(([, seconds]) => Math.abs(left) >= seconds) ?? ["second", 1];
    time.textContent = style === "R" ? relative.format(Math.trunc(left / size), unit)
      : style === "t" || style === "T" ? at.toLocaleTimeString(locale.value) : at.toLocaleString(locale.value);
    time.title = at.toISOString();
  }
}

function show(html) {
  if (part.querySelector("form.modal :focus, select:focus")) return false; // somebody is writing or choosing
  const atEnd = scrollY + innerHeight >= document.documentElement.scrollHeight - NEAR_PX;
  const written = new Map();
  for (const form of part.querySelectorAll("form.modal"))
    for (const field of form.elements) if (field.name) written.set(`${form.dataset.interaction} ${field.name}`, field.value);
  part.innerHTML = html;
  for (const form of part.querySelectorAll("form.modal")) {
    if (closed.has(form.dataset.interaction)) form.remove();
    for (const field of form.elements)
      field.value = written.get(`${form.dataset.interaction} ${field.name}`) ?? field.value;
  }
  for (const embed of part.querySelectorAll(".embed")) embed.style.borderColor = "#" + embed.dataset.color;
  showTimes();
  if (toEnd || atEnd) showEnd();
  toEnd = false;
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

function close(modal) {
  closed.add(modal.dataset.interaction);
  modal.remove();
}

function choose(select) {
  select.blur();
  const values = [...select.selectedOptions].map((one) => one.value).filter(Boolean);
  act("press", { message_id: select.dataset.message, custom_id: select.dataset.press, values });
}

part.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-press]");
  if (button) act("press", { message_id: button.dataset.message, custom_id: button.dataset.press });
  if (event.target.closest("[data-choose]")) choose(event.target.closest("[data-choose]").previousElementSibling.querySelector("select"));
  const modal = event.target.closest("[data-cancel]")?.form;
  if (modal) close(modal);
});
part.addEventListener("change", (event) => {
  const chosen = event.target.closest("select[data-press]:not([multiple])");
  if (chosen) choose(chosen);
});
part.addEventListener("submit", (event) => {
  event.preventDefault();
  document.activeElement.blur();
  const values = {};
  for (const field of event.target.elements)
    if (field.name) values[field.name] = field.multiple ? [...field.selectedOptions].map((one) => one.value) : field.value;
  act("modal", { interaction_id: event.target.dataset.interaction, values }).then((sent) => sent && close(event.target));
});
user.addEventListener("change", () => poll.abort());
locale.addEventListener("change", showTimes);
setInterval(showTimes, 1000);
showTimes();
showEnd();
follow();

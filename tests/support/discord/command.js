// The line in which commands are typed, with the options of the one that is typed as fields below it.
"use strict";
const form = document.getElementById("command");
const line = document.getElementById("line");
const fields = document.getElementById("options");
const FILE = 11;
let commands = new Map(); // "propose pause" → its description and options
let world = {};
let shown = "";

const told = (one) => one.description_localizations?.[locale.value] ?? one.description;

function made(tag, properties, ...inside) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...inside);
  return element;
}

async function learn() {
  world = await (await fetch("/control/state")).json();
  commands = new Map();
  for (const command of world.commands) {
    const below = (command.options ?? []).filter((one) => one.type === 1);
    for (const one of below) commands.set(`${command.name} ${one.name}`, one);
    if (!below.length) commands.set(command.name, command);
  }
  const names = [...commands.keys()].sort();
  document.getElementById("names").replaceChildren(...names.map((name) => made("option", { value: `/${name}` })));
  document.getElementById("commands").replaceChildren(...names.map((name) => {
    const button = made("button", { type: "button", textContent: `/${name}` });
    button.addEventListener("click", () => {
      line.value = `/${name}`;
      button.closest("details").open = false; // it covers the channel on a phone
      showFields();
      (fields.querySelector("input, select") ?? line).focus();
    });
    return made("li", {}, button, ` ${told(commands.get(name))}`);
  }));
}

/** Returns the typed words: the command's name, and the options given as name=value. */
function typed() {
  const options = {}, name = [];
  for (const word of line.value.trim().replace(/^\//, "").match(/[^\s=]+="[^"]*"|\S+/g) ?? []) {
    const at = word.indexOf("=");
    if (at < 0) name.push(word);
    else options[word.slice(0, at)] = word.slice(at + 1).replace(/^"|"$/g, "");
  }
  return { name: name.join(" "), options };
}

function field(command, option) {
  const named = { name: option.name };
  const offered = {
    5: () => [["true", "yes"], ["false", "no"]],
    6: () => world.users.map((one) => [one.id, `@${one.name}`]),
    7: () => world.channels.filter((one) => one.type === 0).map((one) => [one.id, `#${one.name}`]),
    8: () => world.roles.map((one) => [one.id, `@${one.name}`]),
    9: () => [...world.users, ...world.roles].map((one) => [one.id, `@${one.name}`]),
  }[option.type]?.() ?? option.choices?.map((one) => [one.value, one.name]);
  if (offered) {
    const options = [["", ""], ...offered].map(([value, textContent]) => made("option", { value, textContent }));
    return [made("select", named, ...options)];
  }
  if (option.type === FILE) return [made("input", { ...named, type: "file" })];
  const input = made("input", { ...named, autocomplete: "off" });
  if (!option.autocomplete) return [input];
  const list = made("datalist", { id: `choices-${option.name}` });
  input.setAttribute("list", list.id);
  let asked = 0;
  const ask = async () => {
    const mine = ++asked;
    const body = { user: user.value, locale: locale.value, name: command, options: { [option.name]: input.value }, focused: option.name, wait: 3 };
    const answer = await fetch("/control/autocomplete", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const found = await answer.json();
    if (mine !== asked) return; // an earlier question's answer
    list.replaceChildren(...(found.choices ?? []).map((one) => made("option", { value: one.value, label: one.name })));
  };
  input.addEventListener("focus", ask);
  input.addEventListener("input", ask);
  return [input, list];
}

function showFields() {
  const { name, options: given } = typed();
  const options = commands.get(name)?.options ?? [];
  if (name !== shown) {
    shown = name;
    fields.replaceChildren(...options.map((option) => {
      const needed = option.required ? "" : " (may be left out)";
      const help = made("small", { textContent: told(option) });
      return made("label", {}, `${option.name}${needed} `, help, ...field(name, option));
    }));
  }
  // What stands in the line need not be given again below it.
  for (const input of fields.querySelectorAll("[name]"))
    input.required = options.some((one) => one.name === input.name && one.required && !(one.name in given));
}

async function given(input) {
  if (input.type !== "file") return input.value;
  const bytes = new Uint8Array(await input.files[0].arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return { filename: input.files[0].name, base64: btoa(text) };
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, options } = typed();
  for (const input of fields.querySelectorAll("[name]")) if (input.value) options[input.name] = await given(input);
  if (await act("command", { name, options })) {
    line.value = "";
    showFields();
  }
});
line.addEventListener("input", showFields);
line.addEventListener("focus", learn);
locale.addEventListener("change", async () => {
  await learn();
  shown = "";
  showFields();
});
learn();

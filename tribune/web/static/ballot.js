// Signs a ballot with the reader's own wallet, sends it, and says when it was counted. No key is ever seen here.
import { clock, say } from "./texts.js";
import { WalletPicker, explain, fetchJson, postJson } from "./wallet.js";

const POLL_MS = 1000;
const REFRESH_MS = 5000;
const POLLS = 600; // ten minutes
const SENDS = 8; // a minute and a half, each wait longer than the one before

const ballot = document.getElementById("ballot");
const api = ballot.dataset.api;
const byId = (id) => document.getElementById(id);
const [choice, form, status, error] = ["choice", "form", "status", "error"].map(byId);
let wallet = null;
let busy = false;
let state = ballot.dataset.state;
let turn = 0; // what is shown belongs to the newest turn: a wallet chosen or a ballot sent

const showError = (text) => { error.textContent = text; };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function showTally(vote) {
  for (const [name, text] of Object.entries(vote.tally_text)) byId(`tally-${name}`).textContent = text;
}

async function onReady(connected) {
  wallet = connected;
  choice.disabled = true;
  if (!connected || busy) return;
  const mine = ++turn;
  status.textContent = "";
  try {
    const vote = await fetchJson(`${api}?voter=${connected.account}`);
    if (mine !== turn) return;
    showTally(vote);
    state = vote.state;
    connected.say(
      vote.snapshot && state !== "pending"
        ? say("power", { power: vote.power_text, time: clock(vote.snapshot) })
        : say("power_now", { power: vote.power_text }),
    );
    if (vote.ballot) {
      await follow(connected.account, say("has_voted"));
    } else if (BigInt(vote.power) === 0n) {
      showError(vote.snapshot && state !== "pending" ? say("no_power", { time: clock(vote.snapshot) }) : say("no_power_now"));
    } else if (!vote.open) {
      status.textContent = say(state === "pending" ? "pending" : "closed");
    } else {
      choice.disabled = false;
      form.elements.support[0].focus({ preventScroll: true });
    }
  } catch (fault) {
    if (mine === turn) showError(fault.message);
  }
}

function sign(connected, vote, support, reason) {
  const data = reason ? vote.typed_data.extended_ballot : vote.typed_data.ballot;
  Object.assign(data.message, { voter: connected.account, support });
  if (reason) data.message.reason = reason;
  status.textContent = say("sign");
  return picker.sign(connected, data);
}

// Sends until it is answered: a ballot that arrived although its answer was lost is found again, not taken twice.
async function send(signed) {
  status.textContent = say("sending");
  for (let sent = 1; ; sent += 1) {
    try {
      return await postJson(api, signed);
    } catch (fault) {
      if (sent === SENDS || (fault.status && fault.status < 500)) throw fault;
      status.textContent = say("sending_again");
      await pause(POLL_MS * 2 ** Math.min(sent - 1, 4));
    }
  }
}

async function submit(event) {
  event.preventDefault();
  if (busy || !wallet) return;
  busy = true;
  choice.disabled = true;
  turn += 1;
  showError("");
  status.focus({ preventScroll: true }); // the button that had it is disabled
  const connected = wallet;
  const { account } = connected;
  const support = Number(form.elements.support.value);
  const reason = form.elements.reason.value.trim().replaceAll("\r\n", "\n");
  let taken = false;
  try {
    if (!(await picker.toChain())) return;
    const vote = await fetchJson(`${api}?voter=${account}`);
    if (!vote.open) throw new Error(say("closed"));
    const signature = await sign(connected, vote, support, reason);
    await send({ voter: account, support, reason, signature });
    taken = true;
  } catch (fault) {
    status.textContent = "";
    showError(fault instanceof Error ? fault.message : explain(fault));
  } finally {
    busy = false;
    if (!taken) await again(account);
  }
  if (taken) await follow(account, say("taken")).catch((fault) => { status.textContent = ""; showError(fault.message); });
}

// Lets a person try again after a failure, with the wallet that is connected now.
async function again(account) {
  if (wallet && wallet.account !== account) {
    const why = error.textContent;
    await onReady(wallet);
    showError(why);
    return;
  }
  choice.disabled = !wallet;
  if (wallet) byId("sign").focus({ preventScroll: true });
}

// Asks until the ballot is in a block or refused; a lost connection is only another second of waiting.
async function follow(account, first) {
  const mine = ++turn;
  status.textContent = first;
  for (let poll = 0; poll < POLLS; poll += 1) {
    const found = await fetchJson(`${api}/${account}`).catch((fault) => fault);
    if (mine !== turn) return;
    if (found.status === "mined") {
      showCounted(found);
      return;
    }
    if (found.status === "refused") throw new Error(found.error ?? say("refused"));
    status.textContent = found instanceof Error && found.status !== 404 ? say("trying_again", { first }) : first;
    await pause(POLL_MS);
  }
  throw new Error(say("still_on_its_way"));
}

function showCounted(found) {
  status.textContent = say("counted", { block: found.block, choice: found.choice, votes: found.weight_text });
  byId("transaction").textContent = found.tx;
  byId("receipt").hidden = false;
  const explorer = byId("explorer");
  if (explorer) explorer.href = `${explorer.dataset.explorer}/tx/${found.tx}`;
  fetchJson(api).then(showTally, () => {});
}

async function refresh() {
  if (document.hidden || busy) return;
  const vote = await fetchJson(api).catch(() => null);
  if (!vote || busy) return;
  showTally(vote);
  if (vote.state === state) return;
  const before = state;
  state = vote.state;
  if (!form || (before === "pending" && !wallet)) location.reload(); // the page as it is now has a form
  else if (before === "pending") await onReady(wallet);
  else {
    byId("state").textContent = say("closed");
    if (!choice.disabled) status.textContent = say("closed");
    choice.disabled = true;
  }
}

let picker = null;
if (form) {
  byId("signing").hidden = false;
  byId("scriptless").hidden = true;
  form.addEventListener("submit", submit);
  picker = new WalletPicker({ onReady, onError: showError });
}
setInterval(refresh, REFRESH_MS);

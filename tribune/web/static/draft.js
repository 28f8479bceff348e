// Sends a draft as a proposal with the reader's own wallet, as a transaction. No key is ever seen here.
import { say } from "./texts.js";
import { WalletPicker, fetchJson } from "./wallet.js";

const POLL_MS = 1000;
const POLLS = 300; // five minutes

const { api } = document.getElementById("draft").dataset;
const [propose, status, error] = ["propose", "status", "error"].map((id) => document.getElementById(id));
let wallet = null;
let busy = false;

const showError = (text) => { error.textContent = text; };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const look = (account) => fetchJson(`${api}?proposer=${account}`);

function goTo(page) {
  status.textContent = say("proposed");
  location.assign(page);
}

async function onReady(connected) {
  wallet = connected;
  propose.disabled = true;
  if (!connected || busy) return;
  try {
    const found = await look(connected.account);
    if (wallet !== connected) return;
    connected.say(say("power", { power: found.power_text }));
    if (found.page) goTo(found.page);
    else if (found.refusal) showError(found.refusal);
    else propose.disabled = false;
  } catch (fault) {
    if (wallet === connected) showError(fault.message);
  }
}

async function send() {
  if (busy || !wallet) return;
  busy = true;
  propose.disabled = true;
  showError("");
  const connected = wallet;
  const { account } = connected;
  try {
    if (!(await picker.toChain())) return;
    const found = await look(account);
    if (found.refusal) throw new Error(found.refusal);
    status.textContent = say("sign");
    await picker.send(connected, found.transaction);
    status.textContent = say("sent");
    await follow(account);
  } catch (fault) {
    status.textContent = "";
    showError(fault.message);
    propose.disabled = !wallet;
  } finally {
    busy = false;
  }
}

// Asks until the proposal is there; a lost connection is only another second of waiting.
async function follow(account) {
  for (let poll = 0; poll < POLLS; poll += 1) {
    const found = await look(account).catch(() => ({}));
    if (found.page) {
      goTo(found.page);
      return;
    }
    await pause(POLL_MS);
  }
  status.textContent = say("slow");
}

document.getElementById("sending").hidden = false;
document.getElementById("scriptless").hidden = true;
propose.addEventListener("click", send);
const picker = new WalletPicker({ onReady, onError: showError });

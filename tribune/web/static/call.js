// Signs holders' call for a vote with the reader's own wallet and sends it. No key is ever seen here.
import { say } from "./texts.js";
import { WalletPicker, explain, fetchJson, postJson } from "./wallet.js";

const REFRESH_MS = 5000;

const byId = (id) => document.getElementById(id);
const { api } = byId("call").dataset;
const [signing, button, status, error] = ["signing", "sign", "status", "error"].map(byId);
let wallet = null;
let busy = false;

const showError = (text) => { error.textContent = text; };

function showProgress(found) {
  byId("progress").textContent = found.progress_text;
  if (!found.vote) return;
  byId("state-text").textContent = found.progress_text;
  for (const link of document.querySelectorAll("#vote, #vote-below")) {
    link.href = found.vote;
    link.hidden = false;
  }
}

async function onReady(connected) {
  wallet = connected;
  button.disabled = true;
  if (!connected || busy) return;
  status.textContent = "";
  try {
    const found = await fetchJson(`${api}?signer=${connected.account}`);
    if (wallet !== connected || busy) return;
    showProgress(found);
    connected.say(found.power_text);
    if (found.has_signed) status.textContent = say("signed");
    else if (BigInt(found.power) === 0n) showError(say("no_power"));
    else if (found.state === "collecting" && found.readable) button.disabled = false;
    else status.textContent = found.progress_text;
  } catch (fault) {
    showError(fault.message);
  }
}

async function submit() {
  if (busy || !wallet) return;
  const connected = wallet;
  busy = true;
  button.disabled = true;
  showError("");
  status.textContent = say("sign");
  status.focus({ preventScroll: true }); // the button that had it is disabled; an empty line takes no focus
  let done = false;
  try {
    if (!(await picker.toChain())) { status.textContent = ""; return; }
    const { typed_data: data } = await fetchJson(api);
    const signature = await picker.sign(connected, data);
    status.textContent = say("sending");
    showProgress(await postJson(api, { signer: connected.account, signature }));
    status.textContent = say("signed");
    done = true;
  } catch (fault) {
    status.textContent = "";
    showError(fault instanceof Error ? fault.message : explain(fault));
  } finally {
    busy = false;
    button.disabled = done || !wallet;
  }
}

let picker = null;
if (signing) {
  signing.hidden = false;
  byId("scriptless").hidden = true;
  button.addEventListener("click", submit);
  picker = new WalletPicker({ onReady, onError: showError });
}
setInterval(() => {
  if (!document.hidden && !busy) fetchJson(api).then(showProgress, () => {});
}, REFRESH_MS);

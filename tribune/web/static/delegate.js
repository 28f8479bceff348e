// Delegates a wallet's votes: signs the token's typed data, or sends the transaction. No key is ever seen here.
import { say } from "./texts.js";
import { WalletPicker, explain, fetchJson, postJson } from "./wallet.js";

const POLL_MS = 1000;
const POLLS = 600; // ten minutes
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;

const api = "/api/delegation";
const byId = (id) => document.getElementById(id);
const [form, choice, to, standing, status, error] = ["form", "choice", "to", "standing", "status", "error"].map(byId);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const same = (one, other) => one?.toLowerCase() === other?.toLowerCase();
let wallet = null;
let busy = false;

const showError = (text) => { error.textContent = text; };
const read = (account, whom) => fetchJson(`${api}?wallet=${account}&to=${whom}`);

async function onReady(connected) {
  wallet = connected;
  choice.disabled = true;
  if (!connected || busy) return;
  try {
    const found = await read(connected.account, connected.account);
    if (wallet !== connected || busy) return;
    standing.textContent = found.standing_text;
    byId("sign").disabled = !found.typed_data;
    if (!found.typed_data) showError(say("no_signing"));
    choice.disabled = false;
  } catch (fault) {
    showError(fault.message);
  }
}

function chosen(account) {
  if (form.elements.whom.value === "self") return account;
  const given = to.value.trim();
  if (!ADDRESS.test(given)) {
    to.focus();
    throw new Error(say("bad_address"));
  }
  return given;
}

async function sign(connected, whom) {
  const { account } = connected;
  const { typed_data: data } = await read(account, whom);
  if (!data) throw new Error(say("no_signing"));
  status.textContent = say("sign");
  const signature = await picker.sign(connected, data);
  const { nonce, expiry } = data.message;
  status.textContent = say("sending");
  const taken = await postJson(api, { delegator: account, delegatee: whom, nonce, expiry, signature });
  status.textContent = say("taken");
  await until(async () => {
    const found = await fetchJson(taken.delegation);
    if (found.status === "refused") throw Object.assign(new Error(found.error ?? say("refused")), { status: 422 });
    return found.status === "mined";
  });
}

async function send(connected, whom) {
  const { account } = connected;
  const { transaction } = await read(account, whom);
  await picker.send(connected, transaction);
  status.textContent = say("sent");
  await until(async () => same((await read(account, whom)).delegate, whom));
}

// Looks until it is so; a lost connection is only another second of waiting.
async function until(holds) {
  for (let poll = 0; poll < POLLS; poll += 1) {
    try {
      if (await holds()) return;
    } catch (fault) {
      if (fault.status && fault.status < 500) throw fault;
    }
    await pause(POLL_MS);
  }
  throw new Error(say("still_on_its_way"));
}

async function act(how) {
  if (busy || !wallet) return;
  const connected = wallet;
  const { account } = connected;
  busy = true;
  showError("");
  try {
    const whom = chosen(account);
    choice.disabled = true;
    status.focus({ preventScroll: true }); // the button that had it is disabled
    if (!(await picker.toChain())) return;
    await how(connected, whom);
    const found = await read(account, whom);
    standing.textContent = "";
    status.textContent = say("counted", { standing: found.standing_text });
  } catch (fault) {
    status.textContent = "";
    showError(fault instanceof Error ? fault.message : explain(fault));
  } finally {
    busy = false;
    choice.disabled = !wallet;
  }
}

byId("signing").hidden = false;
byId("scriptless").hidden = true;
to.addEventListener("input", () => { form.elements.whom.value = "other"; });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  act(sign);
});
byId("send").addEventListener("click", () => act(send));
const picker = new WalletPicker({ onReady, onError: showError });

// Votes with the reader's own wallet, by signature or transaction, and says when it counted. No key is seen here.
import { clock, say } from "./texts.js";
import { WalletPicker, explain, fetchJson, postJson } from "./wallet.js";

const POLL_MS = 1000;
const REFRESH_MS = 5000;
const POLLS = 600; // ten minutes
const PATIENT = 60; // a minute; then who signed is offered to pay
const SENDS = 8; // a minute and a half, each wait longer than the one before

const HASH = /^0x[0-9a-f]{64}$/i;

const ballot = document.getElementById("ballot");
const api = ballot.dataset.api;
const byId = (id) => document.getElementById(id);
const [choice, form, status, error] = ["choice", "form", "status", "error"].map(byId);
let wallet = null;
let busy = false;
let state = ballot.dataset.state;
let open = Boolean(form) && state === "active"; // whether it takes votes
let turn = 0; // what is shown belongs to the newest turn: a wallet chosen or a ballot sent

const showError = (text) => { error.textContent = text; };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function showTally(vote) {
  for (const [name, text] of Object.entries(vote.tally_text)) {
    const line = byId(`tally-${name}`);
    if (line.textContent.trim() === text) continue;
    line.textContent = text;
    byId("newer")?.removeAttribute("hidden"); // the list of who voted is as it was when the page was loaded
  }
}

async function onReady(connected) {
  wallet = connected;
  choice.disabled = true;
  byId("sign").disabled = false;
  if (!connected || busy) return;
  const mine = ++turn;
  status.textContent = "";
  byId("receipt").hidden = true;
  try {
    const vote = await fetchJson(`${api}?voter=${connected.account}`);
    if (mine !== turn) return;
    showTally(vote);
    ({ state, open } = vote);
    connected.say(
      vote.snapshot && state !== "pending"
        ? say("power", { power: vote.power_text, time: clock(vote.snapshot) })
        : say("power_now", { power: vote.power_text }),
    );
    if (vote.ballot) {
      await follow(connected.account, { first: say("has_voted") });
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

// Has the wallet sign a ballot, which is brought to the chain for it.
async function sign(connected, given) {
  const vote = await fetchJson(`${api}?voter=${given.voter}`);
  if (!vote.open) throw new Error(say("closed"));
  const data = given.reason ? vote.typed_data.extended_ballot : vote.typed_data.ballot;
  Object.assign(data.message, { voter: given.voter, support: given.support });
  if (given.reason) data.message.reason = given.reason;
  status.textContent = say("sign");
  const signature = await picker.sign(connected, data);
  await handIn({ ...given, signature });
  return { first: say("taken") };
}

// Hands it in until that is answered: a ballot whose answer was lost is found again, not taken twice.
async function handIn(signed) {
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

// Has the wallet vote by a transaction of its own, which it pays for.
async function pay(connected, given) {
  const { transaction, fee_text: fee } = await fetchJson(`${api}/transaction?${new URLSearchParams(given)}`);
  status.textContent = say("pay", { fee });
  const tx = await picker.send(connected, transaction);
  return { first: say("sent"), tx: HASH.test(tx) ? tx : "" };
}

async function act(how, button) {
  if (busy || !wallet || !form.reportValidity()) return;
  busy = true;
  choice.disabled = true;
  turn += 1;
  showError("");
  status.focus({ preventScroll: true }); // the button that had it is disabled
  const connected = wallet;
  const { account } = connected;
  const support = Number(form.elements.support.value);
  const reason = form.elements.reason.value.trim().replaceAll("\r\n", "\n");
  let underWay = null;
  try {
    if (!(await picker.toChain())) return;
    underWay = await how(connected, { voter: account, support, reason });
  } catch (fault) {
    status.textContent = "";
    showError(fault instanceof Error ? fault.message : explain(fault));
    if (fault.problem === "already-voted") underWay = { first: say("has_voted") };
    if (fault.problem === "relay-budget-spent") button = byId("send");
  } finally {
    busy = false;
    if (!underWay) await again(account, button);
  }
  if (underWay) await follow(account, underWay, button);
}

// Lets a person try again after a failure, with the wallet that is connected now.
async function again(account, button) {
  if (wallet && wallet.account !== account) {
    const why = error.textContent;
    await onReady(wallet);
    showError(why);
    return;
  }
  choice.disabled = !wallet || !open;
  byId("sign").disabled = false;
  button.focus({ preventScroll: true }); // a disabled one takes none
}

// Asks until the vote is in a block or refused; a lost connection is only another second of waiting.
async function follow(account, { first, tx }, button = byId("sign")) {
  const mine = ++turn;
  status.textContent = first;
  for (let poll = 0; poll < POLLS; poll += 1) {
    const found = await fetchJson(`${api}/${account}${tx === undefined ? "" : `?tx=${tx}`}`).catch((fault) => fault);
    if (mine !== turn) return;
    if (found.status === "mined") {
      showCounted(found);
      return;
    }
    if (found.status === "refused") {
      status.textContent = "";
      showError(found.error ?? say("refused"));
      await again(account, button);
      return;
    }
    if (poll === PATIENT && tx === undefined && open) {
      first = say("slow"); // nobody needs to wait for us
      choice.disabled = false;
      byId("sign").disabled = true;
    }
    status.textContent = found instanceof Error && found.status !== 404 ? say("trying_again", { first }) : first;
    await pause(POLL_MS);
  }
  status.textContent = "";
  showError(say("still_on_its_way"));
}

function showCounted(found) {
  choice.disabled = true;
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
  if (vote.state === state && vote.open === open) return;
  const before = state;
  ({ state, open } = vote);
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
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(sign, byId("sign"));
  });
  byId("send").addEventListener("click", () => act(pay, byId("send")));
  picker = new WalletPicker({ onReady, onError: showError });
}
setInterval(refresh, REFRESH_MS);

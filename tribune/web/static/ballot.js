// Signs a ballot with the reader's own wallet, sends it, and says when it was counted. No key is ever seen here.
import { WalletPicker, explain, fetchJson, postJson } from "./wallet.js";

const POLL_MS = 1000;
const REFRESH_MS = 5000;
const POLLS = 600; // ten minutes

const ballot = document.getElementById("ballot");
const [caseId, chainId] = [ballot.dataset.case, Number(ballot.dataset.chain)];
const api = `/api/ballots/${caseId}`;
const byId = (id) => document.getElementById(id);
const [choice, form, status, error] = ["choice", "form", "status", "error"].map(byId);
let wallet = null;
let busy = false;
let done = false;

const showError = (text) => { error.textContent = text; };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const clock = (iso) => new Date(iso).toLocaleTimeString(undefined, { timeStyle: "medium" });

function showTally(vote) {
  for (const [name, text] of Object.entries(vote.tally_text)) byId(`tally-${name}`).textContent = text;
}

async function onReady(connected) {
  wallet = connected;
  choice.disabled = true;
  if (!connected || done) return;
  try {
    const vote = await fetchJson(`${api}?voter=${connected.account}`);
    if (wallet !== connected) return;
    showTally(vote);
    const when = vote.snapshot ? `, counted at ${clock(vote.snapshot)}` : "";
    connected.say(` · ${vote.power_text}${when}. Votes bought later do not count.`);
    if (vote.has_voted) {
      await follow(connected.account, "This wallet has already voted.");
    } else if (BigInt(vote.power) === 0n) {
      showError(`This wallet had no votes${when || " yet"}. Tokens count once they are delegated, to yourself or somebody else; then they count in later votes.`);
    } else if (!vote.open) {
      status.textContent = vote.state === "pending" ? "Voting begins in a moment." : "This vote takes no ballots now.";
      if (vote.state === "pending" || vote.state === "not_opened") {
        await pause(POLL_MS * 2);
        if (wallet === connected) await onReady(connected).then(() => { if (!choice.disabled) status.textContent = ""; });
      }
    } else {
      choice.disabled = false;
      form.elements.support[0].focus({ preventScroll: true });
    }
  } catch (fault) {
    showError(fault.message);
  }
}

function typedData(vote, account, support, reason) {
  const data = reason ? vote.typed_data.extended_ballot : vote.typed_data.ballot;
  Object.assign(data.message, { voter: account, support });
  if (reason) data.message.reason = reason;
  return data;
}

async function submit(event) {
  event.preventDefault();
  if (busy || !wallet) return;
  busy = true;
  choice.disabled = true;
  showError("");
  const { provider, account } = wallet;
  const support = Number(form.elements.support.value);
  const reason = form.elements.reason.value.trim().replaceAll("\r\n", "\n");
  try {
    if (!(await picker.onChain())) { await picker.check(); return; }
    const vote = await fetchJson(api);
    if (!vote.open) throw new Error("This vote takes no ballots now.");
    status.textContent = "Your wallet asks you to sign.";
    const data = JSON.stringify(typedData(vote, account, support, reason));
    let signature;
    try {
      signature = await provider.request({ method: "eth_signTypedData_v4", params: [account, data] });
    } catch (fault) {
      throw new Error(explain(fault, chainId));
    }
    status.textContent = "Sending your vote.";
    await postJson(api, { voter: account, support, reason, signature });
    await follow(account, "Your vote was taken and is on its way to the chain.");
  } catch (fault) {
    status.textContent = "";
    showError(fault.message);
    choice.disabled = !wallet;
  } finally {
    busy = false;
  }
}

// Asks until the ballot is in a block or refused; a lost connection is only another second of waiting.
async function follow(account, first) {
  status.textContent = first;
  for (let poll = 0; poll < POLLS; poll += 1) {
    const found = await fetchJson(`${api}/${account}`).catch((fault) => fault);
    if (found.status === "mined") {
      done = true;
      status.textContent = `Counted in block ${found.block}: ${found.choice}, ${found.weight_text}.`;
      status.dataset.tx = found.tx;
      fetchJson(api).then(showTally, () => {});
      return;
    }
    if (found.status === "refused") throw new Error(found.error ?? "The ballot was refused.");
    if (found instanceof Error) status.textContent = `${first} (No answer at the moment; trying again.)`;
    else status.textContent = first;
    await pause(POLL_MS);
  }
  throw new Error("Your vote is still on its way. Open this page again later to see whether it was counted.");
}

byId("signing").hidden = false;
byId("scriptless").hidden = true;
form.addEventListener("submit", submit);
const picker = new WalletPicker({ chainId, onReady, onError: showError });
setInterval(() => {
  if (!document.hidden && !busy) fetchJson(api).then(showTally, () => {});
}, REFRESH_MS);

// Links a wallet by Sign-In with Ethereum. The message comes from the server; only a signature spends the link.
import { say } from "./texts.js";
import { WalletPicker, explain, fetchJson, postJson } from "./wallet.js";

const [button, status, error] = ["sign", "status", "error"].map((id) => document.getElementById(id));
let wallet = null;
let busy = false;
let done = false;

const showError = (text) => { error.textContent = text; };
const hex = (text) => `0x${Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

async function sign() {
  if (busy || !wallet) return;
  const { provider, account } = wallet;
  busy = true;
  button.disabled = true;
  showError("");
  status.focus({ preventScroll: true }); // the button that had it is disabled
  try {
    const { message } = await fetchJson(`${location.pathname}?wallet=${account}`);
    status.textContent = say("sign");
    let signature;
    try {
      signature = await provider.request({ method: "personal_sign", params: [hex(message), account] });
    } catch (fault) {
      throw new Error(explain(fault));
    }
    if (picker.account !== account) throw new Error(say("changed"));
    const linked = await postJson(location.pathname, { message, signature });
    done = true;
    status.textContent = say(linked.moved ? "moved" : "linked", { wallet: linked.wallet });
  } catch (fault) {
    status.textContent = "";
    showError(fault.message);
  } finally {
    busy = false;
    button.disabled = done || !wallet;
  }
}

document.getElementById("signing").hidden = false;
document.getElementById("scriptless").hidden = true;
button.addEventListener("click", sign);
const picker = new WalletPicker({
  onReady: (connected) => { wallet = connected; button.disabled = busy || done || !connected; },
  onError: showError,
});

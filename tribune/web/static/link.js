// Links a wallet by Sign-In with Ethereum. The message comes from the server; only a signature spends the link.
import { WalletPicker, explain, fetchJson, postJson } from "./wallet.js";

const chainId = Number(document.getElementById("link").dataset.chain);
const [button, status, error] = ["sign", "status", "error"].map((id) => document.getElementById(id));
let wallet = null;

const showError = (text) => { error.textContent = text; };
const hex = (text) => `0x${Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("")}`;

async function sign() {
  const { provider, account } = wallet;
  button.disabled = true;
  showError("");
  try {
    const { message } = await fetchJson(`${location.pathname}?wallet=${account}`);
    status.textContent = "Your wallet asks you to sign.";
    let signature;
    try {
      signature = await provider.request({ method: "personal_sign", params: [hex(message), account] });
    } catch (fault) {
      throw new Error(explain(fault, chainId));
    }
    const linked = await postJson(location.pathname, { message, signature });
    status.textContent = `Linked ${linked.wallet}. You can close this page.`;
  } catch (fault) {
    status.textContent = "";
    showError(fault.message);
    button.disabled = false;
  }
}

document.getElementById("signing").hidden = false;
document.getElementById("scriptless").hidden = true;
button.addEventListener("click", sign);
new WalletPicker({
  chainId,
  onReady: (connected) => { wallet = connected; button.disabled = !connected; },
  onError: showError,
});

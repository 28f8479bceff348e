// Finds wallets (EIP-6963, else EIP-1193) and connects to one on the right chain. Keeps nothing and signs nothing.

const WAIT_MS = 300; // wallets announce themselves within milliseconds
const UNKNOWN_CHAIN = 4902;
const DECLINED = 4001;

/** Says what a wallet's error means, in plain words. */
export function explain(fault, chainId) {
  if (fault?.code === DECLINED) return "You declined in your wallet. Nothing was sent.";
  if (fault?.code === UNKNOWN_CHAIN) return `Your wallet does not know chain ${chainId}. Add it there, then try again.`;
  return `Your wallet said: ${String(fault?.message ?? fault).slice(0, 300)}`;
}

/** Calls `found(name, provider)` for each wallet, and `none()` once where there is none. */
function discover(found, none) {
  const seen = new Set();
  addEventListener("eip6963:announceProvider", ({ detail }) => {
    const { info, provider } = detail ?? {};
    if (!provider?.request || !info?.uuid || seen.has(info.uuid)) return;
    seen.add(info.uuid);
    found(String(info.name).slice(0, 60), provider);
  });
  dispatchEvent(new Event("eip6963:requestProvider"));
  setTimeout(() => {
    if (seen.size) return;
    if (globalThis.ethereum?.request) found("this browser's wallet", globalThis.ethereum);
    else none();
  }, WAIT_MS);
}

const short = (account) => `${account.slice(0, 6)}…${account.slice(-4)}`;

/** The part of a page where a wallet is chosen. `onReady({provider, account} | null)` is told of every change. */
export class WalletPicker {
  constructor({ chainId, onReady, onError }) {
    this.chainId = chainId;
    this.onReady = onReady;
    this.onError = onError;
    this.list = document.getElementById("wallets");
    this.line = document.getElementById("account");
    this.switcher = document.getElementById("switch");
    this.switcher.addEventListener("click", () => this.switchChain());
    discover(
      (name, provider) => this.offer(name, provider),
      () => this.say("No wallet was found in this browser. On a phone, open this page in your wallet's own browser."),
    );
  }

  say(text) {
    this.line.textContent = text;
    this.line.hidden = !text;
  }

  offer(name, provider) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `Use ${name}`;
    button.addEventListener("click", () => this.connect(provider));
    this.list.append(button);
  }

  async connect(provider) {
    this.onError("");
    try {
      const [account] = await provider.request({ method: "eth_requestAccounts" });
      if (!account) throw new Error("it gave no account");
      if (this.provider !== provider) {
        provider.on?.("accountsChanged", () => this.connect(provider));
        provider.on?.("chainChanged", () => this.check());
      }
      this.provider = provider;
      this.account = account;
      await this.check();
      if (!this.switcher.hidden) await this.switchChain();
    } catch (fault) {
      this.onReady(null);
      this.onError(explain(fault, this.chainId));
    }
  }

  /** Returns whether the wallet is on the chain of this vote. */
  async onChain() {
    return Number(await this.provider.request({ method: "eth_chainId" })) === this.chainId;
  }

  async check() {
    const right = await this.onChain();
    this.switcher.hidden = right;
    if (right) {
      this.onError("");
      this.say(`Your wallet: ${short(this.account)}`);
      await this.onReady({ provider: this.provider, account: this.account, say: (more) => this.say(`Your wallet: ${short(this.account)}${more}`) });
    } else {
      this.say("");
      this.onReady(null);
      this.onError(`Your wallet is on another chain; this page needs chain ${this.chainId}.`);
    }
  }

  async switchChain() {
    try {
      const chainId = `0x${this.chainId.toString(16)}`;
      await this.provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
      await this.check();
    } catch (fault) {
      this.onError(explain(fault, this.chainId));
    }
  }
}

/** Fetches JSON; a refusal becomes an Error with its words. */
export async function fetchJson(url, options = {}) {
  const response = await fetch(url, { headers: { Accept: "application/json" }, ...options });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const fault = new Error([body.detail ?? `The server answered ${response.status}.`, body.mend].filter(Boolean).join(" "));
    fault.status = response.status;
    throw fault;
  }
  return body;
}

export const postJson = (url, body) =>
  fetchJson(url, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

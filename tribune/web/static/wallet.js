// Finds wallets (EIP-6963, else EIP-1193) and connects to one on the right chain. Keeps nothing and signs nothing.
import { say } from "./texts.js";

const WAIT_MS = 300; // wallets announce themselves within milliseconds
const UNKNOWN_CHAIN = 4902;
const DECLINED = 4001;
const BUSY = -32002;

const unknownChain = (fault) => [fault?.code, fault?.data?.originalError?.code].includes(UNKNOWN_CHAIN);

/** Says what a wallet's error means, in plain words. */
export function explain(fault) {
  if (fault?.plain) return fault.message;
  if (fault?.code === DECLINED) return say("declined");
  if (fault?.code === BUSY) return say("busy");
  return say("wallet_said", { message: String(fault?.message ?? fault).slice(0, 300) });
}

const plain = (text) => Object.assign(new Error(text), { plain: true });

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
    if (globalThis.ethereum?.request) found(say("unnamed"), globalThis.ethereum);
    else none();
  }, WAIT_MS);
}

const short = (account) => `${account.slice(0, 6)}…${account.slice(-4)}`;

/** The part of a page where a wallet is chosen. `onReady({provider, account, say} | null)` is told of every change. */
export class WalletPicker {
  constructor({ onReady, onError }) {
    this.onReady = onReady;
    this.onError = onError;
    this.list = document.getElementById("wallets");
    this.line = document.getElementById("account");
    this.switcher = document.getElementById("switch");
    this.network = JSON.parse(this.list.dataset.network);
    this.known = new WeakSet();
    this.switcher.addEventListener("click", () => this.switchChain());
    discover(
      (name, provider) => this.offer(name, provider),
      () => this.say(say("none")),
    );
  }

  say(text) {
    this.line.textContent = text;
  }

  offer(name, provider) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = say("use", { name });
    button.addEventListener("click", () => this.connect(provider, button));
    if (!this.list.childElementCount) this.say("");
    this.list.append(button);
  }

  async connect(provider, button) {
    this.onError("");
    try {
      const [account] = await provider.request({ method: "eth_requestAccounts" });
      if (!account) throw plain(say("no_account"));
      this.provider = provider;
      this.account = account;
      this.listen(provider);
      for (const other of this.list.children) other.setAttribute("aria-pressed", String(other === button));
      await this.check();
      if (!this.switcher.hidden) await this.switchChain();
    } catch (fault) {
      this.onReady(null);
      this.onError(explain(fault));
    }
  }

  listen(provider) {
    if (this.known.has(provider)) return;
    this.known.add(provider);
    const mine = (act) => (value) => {
      if (this.provider === provider) act(value);
    };
    provider.on?.("accountsChanged", mine((accounts) => this.accountChanged(accounts?.[0])));
    provider.on?.("chainChanged", mine(() => this.check().catch((fault) => this.onError(explain(fault)))));
  }

  accountChanged(account) {
    if (account?.toLowerCase() === this.account?.toLowerCase()) return; // some wallets change the case alone
    this.account = account;
    if (account) {
      this.check().catch((fault) => this.onError(explain(fault)));
      return;
    }
    this.say("");
    this.onReady(null);
    this.onError(say("disconnected"));
  }

  /** Returns whether the wallet is on the chain of this page. */
  async onChain() {
    return Number(await this.provider.request({ method: "eth_chainId" })) === this.network.chain_id;
  }

  /** Returns whether the wallet is on the chain of this page, once it was asked to switch where it was not. */
  async toChain() {
    if (!(await this.onChain())) await this.switchChain();
    return this.onChain();
  }

  /** Asks a wallet for something; its refusal, or another account meanwhile, becomes an Error in plain words. */
  async ask({ provider, account }, method, params) {
    const answer = await provider.request({ method, params }).catch((fault) => {
      throw new Error(explain(fault));
    });
    if (this.account !== account) throw new Error(say("changed"));
    return answer;
  }

  /** Asks a wallet to sign typed data (EIP-712). */
  sign(connected, data) {
    return this.ask(connected, "eth_signTypedData_v4", [connected.account, JSON.stringify(data)]);
  }

  /** Has a wallet send a transaction, which it pays for; returns the hash. Once it is asked, it may be sent. */
  send({ provider, account }, { to, data, value = "0x0" }) {
    const params = [{ from: account, to, data, value, chainId: `0x${this.network.chain_id.toString(16)}` }];
    return provider.request({ method: "eth_sendTransaction", params }).catch((fault) => {
      throw new Error(explain(fault));
    });
  }

  async check() {
    const right = await this.onChain();
    this.switcher.hidden = right;
    if (right) {
      const yours = say("yours", { account: short(this.account) });
      this.onError("");
      this.say(yours);
      await this.onReady({ provider: this.provider, account: this.account, say: (more) => this.say(`${yours} · ${more}`) });
    } else {
      this.say("");
      this.onReady(null);
      this.onError(say("other_chain", { chain: this.network.name }));
    }
  }

  async switchChain() {
    const chainId = `0x${this.network.chain_id.toString(16)}`;
    const change = () => this.provider.request({ method: "wallet_switchEthereumChain", params: [{ chainId }] });
    try {
      try {
        await change();
      } catch (fault) {
        if (!unknownChain(fault)) throw fault;
        if (!this.network.add) throw plain(say("unknown_chain", { chain: this.network.name }));
        await this.provider.request({ method: "wallet_addEthereumChain", params: [{ chainId, ...this.network.add }] });
        await change();
      }
      await this.check();
    } catch (fault) {
      this.onError(explain(fault));
    }
  }
}

/** Fetches JSON; a refusal becomes an Error with its words, `status` and `problem`, no answer one without. */
export async function fetchJson(url, options = {}) {
  const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang, ...options.headers };
  const response = await fetch(url, { ...options, headers }).catch(() => {
    throw new Error(say("offline"));
  });
  const body = await response.json().catch(() => ({}));
  if (!response.ok) {
    const problem = body.type?.split("/").at(-1);
    // A page with a button to pay oneself leads to it; programs are told which call it is.
    const mend = (problem === "relay-budget-spent" && say("pay_yourself")) || body.mend;
    const words = [body.detail ?? say("answered", { status: response.status }), mend].filter(Boolean).join(" ");
    throw Object.assign(new Error(words), { status: response.status, problem });
  }
  return body;
}

export const postJson = (url, body) =>
  fetchJson(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

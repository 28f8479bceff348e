// Announces a wallet of this demo for each token holder, and asks whoever sits there before one signs.
"use strict";
(() => {
  const SIGNING = ["personal_sign", "eth_signTypedData_v4", "eth_sendTransaction"];

  /** Says what is to be signed, as a wallet does. */
  function told(method, params) {
    if (method === "personal_sign")
      return new TextDecoder().decode(Uint8Array.from(params[0].slice(2).match(/../g) ?? [], (byte) => parseInt(byte, 16)));
    if (method === "eth_sendTransaction") return `A transaction to ${params[0].to}:\n${params[0].data.slice(0, 200)}`;
    const { primaryType, message } = JSON.parse(params[1]);
    return `${primaryType}\n${Object.entries(message).map(([name, value]) => `${name}: ${String(value).slice(0, 100)}`).join("\n")}`;
  }

  function provider(name) {
    return {
      on() {}, // its account and chain never change
      async request({ method, params = [] }) {
        if (SIGNING.includes(method) && !confirm(`${name}'s wallet, of this demo. Sign?\n\n${told(method, params)}`))
          throw Object.assign(new Error("declined"), { code: 4001 });
        const answer = await fetch(`/demo/wallets/${name}`, {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ method, params }),
        });
        if (!answer.ok) throw new Error((await answer.text()).slice(0, 200));
        const { result, error } = await answer.json();
        if (error) throw Object.assign(new Error(error.message), { code: error.code });
        return result;
      },
    };
  }

  const details = NAMES.map((name) => Object.freeze({
    info: Object.freeze({ uuid: crypto.randomUUID(), name: `${name}'s demo wallet`, icon: "data:,", rdns: "example.demo" }),
    provider: provider(name),
  }));
  const announce = () => {
    for (const detail of details) dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  };
  addEventListener("eip6963:requestProvider", announce);
  announce();
})();

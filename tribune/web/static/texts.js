// The words of a page's scripts. They stand in the page, in its reader's language; none is written here.

const texts = Object.assign({}, ...[...document.querySelectorAll("[data-texts]")].map((one) => JSON.parse(one.dataset.texts)));

/** Returns a text with its {places} filled in. */
export const say = (name, places = {}) =>
  Object.entries(places).reduce((text, [place, value]) => text.replaceAll(`{${place}}`, () => value), texts[name]);

/** Returns the time of day as the page's language writes it. */
export const clock = (iso) =>
  new Date(iso).toLocaleTimeString(document.documentElement.lang, { timeStyle: "medium" });

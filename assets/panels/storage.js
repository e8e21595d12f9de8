/* What a visitor's browser keeps of this page. Private windows and strict settings refuse; then nothing is kept. */

const STORE_PREFIX = "platonic-atlas:";

export function keptItem(name) {
  try {
    return window.localStorage.getItem(STORE_PREFIX + name);
  } catch {
    return null;
  }
}

/* Whether it was kept. */
export function keepItem(name, text) {
  try {
    if (text === null) window.localStorage.removeItem(STORE_PREFIX + name);
    else window.localStorage.setItem(STORE_PREFIX + name, text);
    return true;
  } catch {
    return false;
  }
}

/* Call when another window of this browser has changed the item. */
export function onKeptElsewhere(name, listener) {
  window.addEventListener("storage", (event) => {
    if (event.key === STORE_PREFIX + name || event.key === null) listener();
  });
}

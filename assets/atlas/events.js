/* Something that others want to hear of. */

export function makeEvents() {
  let listeners = [];
  return {
    /* Gives what ends it. */
    on(listener) {
      listeners = [...listeners, listener];
      return () => (listeners = listeners.filter((l) => l !== listener));
    },
    emit: (...values) => listeners.forEach((listener) => listener(...values)),
  };
}

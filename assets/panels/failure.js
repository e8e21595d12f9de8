/* In the place of what could not be read: why, and a button that asks again. */
import { buildNode } from "./nodes.js";
import { isUnreached } from "./notices.js";

/* Why, in a sentence. */
export function failureText(error) {
  if (isUnreached(error)) return "The server cannot be reached.";
  return error.status && !error.said ? `The server answered with an error (${error.status}).` : error.message;
}

export function failureNode(what, error, again) {
  return buildNode("div", { class: "failure" }, buildNode("p", {}, `${what} could not be read. ${failureText(error)}`), buildNode("button", { type: "button", class: "tool", onclick: again }, "Try again"));
}

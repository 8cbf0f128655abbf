/** On every page: quick exit and sign-out leave no unsent words in this browser. */

import { onQuickExit, onSignOut } from "../leaving.js";

const PREFIX = "talk-outbox:"; // one list a person (outbox.js)

export const listOf = (person) => PREFIX + person;

/** The names of all lists that this browser keeps. */
export function lists() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  } catch {
    return [];
  }
}

/** Leave nothing behind: at sign-out and quick exit. */
function forgetAll() {
  for (const key of lists()) localStorage.removeItem(key);
}

onQuickExit(() => {
  document.dispatchEvent(new Event("porchlight:left")); // whoever still writes here stops
  forgetAll();
});
onSignOut(forgetAll);

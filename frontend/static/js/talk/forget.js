/** On every page: quick exit and sign-out leave no unsent or begun words in this browser. */

import { onQuickExit, onSignOut } from "../leaving.js";

const PREFIX = "talk-outbox:"; // one list a person (outbox.js)
const BEGUN = "talk-begun:"; // words in the field, a person and room, as long as the tab (begun.js)

export const listOf = (person) => PREFIX + person;

export const begunOf = (person, room) => `${BEGUN}${person}:${room}`;

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
  try {
    for (const key of Object.keys(sessionStorage)) if (key.startsWith(BEGUN)) sessionStorage.removeItem(key);
  } catch {
    // a forbidden store holds nothing
  }
}

onQuickExit(() => {
  document.dispatchEvent(new Event("porchlight:left")); // whoever still writes here stops
  forgetAll();
});
onSignOut(forgetAll);

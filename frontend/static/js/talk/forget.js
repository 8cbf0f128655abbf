/** On every page: quick exit and sign-out leave no unsent words in this browser. */

import { onQuickExit, onSignOut } from "../leaving.js";
import { forgetAll } from "./outbox.js";

onQuickExit(() => {
  document.dispatchEvent(new Event("porchlight:left")); // whoever still writes here stops
  forgetAll();
});
onSignOut(forgetAll);

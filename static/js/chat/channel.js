/* A conversation's page. Each behaviour is a module of its own; here they are put together, and the page begins. */

import "./list.js";
import "./head.js";
import "./roving.js";
import "./editing.js";
import "./deleting.js";
import "./forwarding.js";
import "./keeping.js";
import { watchTyping } from "./typing.js";
import { showWaiting } from "./acknowledging.js";
import { Composer } from "./composer.js";
import { showDelivery } from "./delivery.js";
import { bindDraft } from "./drafts.js";
import { listen } from "./incoming.js";
import { markMentions } from "./message.js";
import { channel } from "./page.js";
import { learnFrom } from "./people.js";
import { watchPreviews } from "./previews.js";
import { labelReactions } from "./reactions.js";
import { openAtPlace } from "./reading.js";
import { restorePending, send, setComposer } from "./sending.js";
import { beginThread } from "./thread.js";

const endings = new Map(); // composer's form -> what ends what was bound to it

document.cookie = "portal_script=1; path=/; max-age=31536000; samesite=lax";

function bindComposers() {
  for (const [form, endAll] of endings) {
    if (form.isConnected) continue;
    for (const end of endAll) end();
    endings.delete(form);
  }
  for (const form of document.querySelectorAll("[data-composer]:not([data-bound])")) {
    form.dataset.bound = "";
    const composer = new Composer(form, send);
    const { root, field } = composer;
    const place = form.closest(".pane__foot").querySelector("[data-typing]");
    endings.set(form, [bindDraft(composer, { channel, root }), watchTyping({ channel, root: root ?? 0, field, place })]);
    setComposer(composer);
  }
}

/** See to messages that the server drew. */
function welcome(root) {
  for (const element of root.querySelectorAll(".msg[data-author]")) learnFrom(element);
  markMentions(root);
  labelReactions(root);
  watchPreviews(root);
}

document.addEventListener("chat:pane", ({ detail }) => {
  bindComposers();
  if (!detail.pane) return;
  welcome(detail.pane);
  if (detail.kind === "thread") restorePending();
});
document.addEventListener("chat:history", () => welcome(document));

bindComposers();
welcome(document);
restorePending();
openAtPlace();
beginThread();
showDelivery();
showWaiting();
listen();

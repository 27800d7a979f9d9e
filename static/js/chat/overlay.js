/* Dialogs that lie over the conversation: where one opens, and a question with two answers. */

const GAP_PX = 4;
const EDGE_PX = 8;
const narrow = window.matchMedia("(max-width: 48rem)");

/** Open a dialog beside an element; on a phone it comes from below, as its style says. */
export function openNear(dialog, anchor) {
  dialog.showModal();
  for (const name of ["--at-block", "--at-inline"]) dialog.style.removeProperty(name);
  if (narrow.matches || !anchor?.isConnected) return;
  const near = anchor.getBoundingClientRect();
  const own = dialog.getBoundingClientRect();
  const below = near.bottom + GAP_PX;
  const above = near.top - own.height - GAP_PX;
  const top = below + own.height <= window.innerHeight - EDGE_PX ? below : Math.max(EDGE_PX, above);
  const isRightToLeft = document.documentElement.dir === "rtl";
  // Its end stands under the end of the anchor, as far as the window lets it.
  const fromStart = isRightToLeft ? window.innerWidth - near.left - own.width : near.right - own.width;
  const start = Math.min(Math.max(EDGE_PX, fromStart), window.innerWidth - own.width - EDGE_PX);
  dialog.style.setProperty("--at-block", `${Math.min(top, Math.max(EDGE_PX, window.innerHeight - own.height - EDGE_PX))}px`);
  dialog.style.setProperty("--at-inline", `${start}px`);
}

/** A press beside the dialog closes it. */
export function closeOnOutside(dialog) {
  dialog.addEventListener("click", (event) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const isInside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!isInside) dialog.close();
  });
}

/** Ask something; true where the answer is yes. */
export function askQuestion({ words, detail = "", yes, no }) {
  const dialog = document.getElementById("question-dialog");
  dialog.querySelector('[data-slot="words"]').textContent = words;
  const more = dialog.querySelector('[data-slot="detail"]');
  more.textContent = detail;
  more.dir = "auto";
  dialog.querySelector('[data-slot="yes"]').textContent = yes;
  dialog.querySelector('[data-slot="no"]').textContent = no;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/* What can be done with a message, by name: its toolbar, its menu and the keys all ask here, whoever does it. */

const deeds = new Map();

/** Say how an act is done: `deed(element, { number, button, ...detail })`. */
export function onAct(name, deed) {
  deeds.set(name, deed);
}

export function perform(name, element, detail = {}) {
  const number = Number(element.dataset.number);
  if (number) deeds.get(name)?.(element, { ...detail, number });
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const button = event.target.closest?.(".msg [data-act]");
  if (!button) return;
  event.preventDefault();
  perform(button.dataset.act, button.closest(".msg"), { ...button.dataset, button });
});

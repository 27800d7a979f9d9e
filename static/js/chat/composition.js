/*
 * Enter in a text field, for people who compose their letters. An Enter that belongs to the input method does nothing; the one
 * after it does what Enter does, with the last syllable in its place.
 *
 * Browsers disagree on the order: some say that a syllable is done before they tell of the key that did it (229), some after,
 * and on some the same press then breaks the line. Whoever asks for a line break while nothing is composed, and did not hold
 * Shift, meant Enter.
 */

const isTouch = window.matchMedia("(pointer: coarse)");

/** `enter(event)` is called for an Enter that is the writer's own; on a phone that key breaks the line. */
export function watchComposition(field, { enter }) {
  let isComposing = false;
  let wantsLine = false; // the last Enter was pressed to break the line
  field.addEventListener("compositionstart", () => (isComposing = true));
  field.addEventListener("compositionend", () => (isComposing = false));
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.code !== "Enter" && event.code !== "NumpadEnter") return;
    wantsLine = event.shiftKey || event.altKey || (isTouch.matches && !event.ctrlKey && !event.metaKey);
    // 229 is what browsers give for a key that an input method has taken.
    if (wantsLine || event.isComposing || isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    event.preventDefault();
    if (!event.repeat) enter(event);
  });
  field.addEventListener("beforeinput", (event) => {
    if (event.inputType !== "insertLineBreak" && event.inputType !== "insertParagraph") return;
    if (wantsLine) return;
    event.preventDefault();
    if (!event.isComposing && !isComposing) enter(event);
  });
  return { isComposing: () => isComposing };
}

/* Putting text into a field as a hand would, so that Ctrl+Z takes it back. */

export function writeInto(field, text, from = field.selectionStart, to = field.selectionEnd) {
  field.focus();
  field.setSelectionRange(from, to);
  const isWritten = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
  if (isWritten || (from === to && !text)) return;
  field.setRangeText(text, from, to, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

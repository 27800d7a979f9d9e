/* The server's own markup (partials, message text) as nodes: parsed apart, so that no script in it can ever run. */

export function nodesOf(markup) {
  const parsed = new DOMParser().parseFromString(markup, "text/html");
  for (const script of parsed.querySelectorAll("script")) script.remove();
  return [...parsed.body.childNodes].map((node) => document.importNode(node, true));
}

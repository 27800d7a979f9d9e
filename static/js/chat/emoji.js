/* The emoji that the portal knows: fetched once when they are first wanted, found by a word in the reader's language. */

const RECENT = 16;

let loading = null;
const chars = new Map();
const recent = []; // kept for as long as the page lives

/** All emoji, the most used first: [{n: short name, c: character, w: words}]. */
export function loadEmoji() {
  loading ??= fetch(document.querySelector("[data-emoji-url]")?.dataset.emojiUrl ?? "/chat/emoji/", { headers: { Accept: "application/json" } })
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
    .then((found) => {
      for (const { n, c } of found) chars.set(n, c);
      return found;
    })
    .catch(() => {
      loading = null; // the next one who asks tries again
      return [];
    });
  return loading;
}

/** Those whose name or words begin with what is sought, before those that hold it. */
export function findEmoji(all, sought, limit) {
  const wanted = sought.toLowerCase().normalize("NFC");
  const begins = [];
  const holds = [];
  for (const one of all) {
    const words = `${one.n} ${one.w}`.toLowerCase();
    const at = words.indexOf(wanted);
    if (at < 0) continue;
    if (one.n.startsWith(wanted) || words.includes(` ${wanted}`)) begins.push(one);
    else holds.push(one);
  }
  return [...begins, ...holds].slice(0, limit);
}

export function recentEmoji() {
  return [...recent];
}

export function remember(one) {
  const at = recent.findIndex(({ n }) => n === one.n);
  if (at >= 0) recent.splice(at, 1);
  recent.unshift(one);
  recent.length = Math.min(recent.length, RECENT);
}

/** How an emoji is drawn: our icon where there is one, else its character; its short name until that is known. */
export function faceOf(name) {
  const known = document.querySelector(`template[data-face="${CSS.escape(name)}"]`);
  if (known) return known.content.firstElementChild.cloneNode(true);
  const face = document.createElement("span");
  face.className = "face";
  face.setAttribute("aria-hidden", "true");
  face.textContent = chars.get(name) ?? `:${name}:`;
  if (!chars.has(name)) loadEmoji().then(() => (face.textContent = chars.get(name) ?? face.textContent));
  return face;
}

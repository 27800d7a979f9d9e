/*
 * Who is writing just now.
 *
 *   const stop = watchTyping({ channel: 12, root: 0, field, place });
 *
 * Tells the others, at most every three seconds, that something is being written in `field`, and shows in `place` who of them is
 * writing: in the channel (`root` 0) or in the thread of a message (its number). The words go after five seconds of silence, and
 * when what was written arrives. They are not read out: whoever listens to a page hears the messages.
 */

import { live } from "../live/socket.js";
import { nameOf } from "./words.js";

const TELL_MS = 3000;
const FORGET_MS = 5000;
const FIRST_STRONG = "\u2068"; // a name keeps its own direction inside the sentence
const POP = "\u2069";

export function watchTyping({ channel, root = 0, field, place }) {
  const topic = `channel:${channel}`;
  const thread = root || 0;
  const own = Number(document.body.dataset.userId);
  const writers = new Map(); // person -> their name, and the timer that forgets them
  let toldAt = -Infinity;
  let newest = 0;

  place.setAttribute("aria-live", "off");
  place.removeAttribute("role");

  function show() {
    const [first] = writers.values();
    if (!first) place.textContent = "";
    else if (writers.size === 1) place.textContent = interpolate(gettext("%(name)s is writing…"), { name: `${FIRST_STRONG}${first.name}${POP}` }, true);
    else place.textContent = interpolate(ngettext("%s person is writing…", "%s people are writing…", writers.size), [writers.size]);
  }

  function forget(person) {
    const writer = writers.get(person);
    if (!writer) return;
    clearTimeout(writer.timer);
    writers.delete(person);
    show();
  }

  function hear(person, names) {
    clearTimeout(writers.get(person)?.timer);
    writers.set(person, { name: nameOf(names ?? {}), timer: setTimeout(() => forget(person), FORGET_MS) });
    show();
  }

  function tell(event) {
    if (!field.value.trim() || !event.isTrusted) return; // an emptied field is no writing, nor is text that was put back
    const now = performance.now();
    if (now - toldAt < TELL_MS) return;
    const frame = { t: "typing", topic };
    if (thread) frame.root = thread;
    if (live.send(frame)) toldAt = now;
  }

  field.addEventListener("input", tell);
  const unfollow = live.follow(topic, null, {
    hint: ({ body }) => {
      if (body.kind === "typing" && body.user !== own && (body.root || 0) === thread) hear(body.user, body.names);
    },
    change: ({ body }) => {
      if (body.kind !== "message" || body.message.number <= newest) return; // an older one was edited or reacted to
      newest = body.message.number;
      if ((body.message.root?.number ?? 0) === thread) forget(body.message.author.id);
    },
    gone: () => {
      for (const person of [...writers.keys()]) forget(person);
    },
  });

  return () => {
    unfollow();
    field.removeEventListener("input", tell);
    for (const person of [...writers.keys()]) forget(person);
  };
}

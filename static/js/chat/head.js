/* The head of a conversation: a favourite or not, at once; what is told of it, as the list knows it. */

import { channel, complain, post } from "./page.js";

function show(form, isOn) {
  form.elements.is_favourite.value = isOn ? "0" : "1";
  form.querySelector("button").setAttribute("aria-pressed", String(isOn));
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest?.("[data-favourite-form]");
  if (!form) return;
  event.preventDefault();
  const isOn = form.elements.is_favourite.value === "1";
  show(form, isOn);
  const answer = await post(form.action, { is_favourite: isOn ? "1" : "0" });
  if (answer.ok) return;
  show(form, !isOn);
  complain(answer);
});

document.addEventListener("chat:arranged", ({ detail }) => {
  const form = document.querySelector("[data-favourite-form]");
  if (form && Number(detail?.channel) === channel && detail.setting?.is_favourite !== undefined) show(form, detail.setting.is_favourite);
});

document.addEventListener("chat:list", () => {
  const line = document.querySelector(`[data-conversations] [data-conversation="${channel}"]`);
  const link = document.querySelector("[data-notify-link]");
  if (!line?.dataset.notify || !link) return;
  const isMuted = line.dataset.notify === "nothing";
  const use = link.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*$/, isMuted ? "#bell-off" : "#activity"));
  const words = isMuted ? gettext("Settings of this conversation: muted") : gettext("Settings of this conversation");
  link.title = words;
  link.setAttribute("aria-label", words);
});

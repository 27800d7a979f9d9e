/* Passing a message on: conversations to choose from, a word to go with it. */

import { nodesOf } from "../markup.js";
import { showToast } from "../shell.js";
import { onAct } from "./acts.js";
import { askQuestion, closeOnOutside } from "./overlay.js";
import { complain, messageUrl, post, reasonOf } from "./page.js";

const MOST = 5;
const WAIT_MS = 150;

const dialog = document.getElementById("forward-dialog");
let number = 0;
let timer = 0;
let turn = 0;

async function fetchPart(query) {
  const answer = await fetch(`${messageUrl(number, "forward")}?${new URLSearchParams({ q: query })}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) {
    complain({ status: answer?.status ?? 0, told: null });
    return null;
  }
  return nodesOf(await answer.text()).find((node) => node.nodeType === Node.ELEMENT_NODE);
}

const chosen = () => [...dialog.querySelectorAll('[name="to"]:checked')];

/** Other conversations are shown; those that are chosen stay, on top. */
async function find(query) {
  const mine = (turn += 1);
  const part = await fetchPart(query);
  if (mine !== turn || !part || !dialog.open) return;
  const list = dialog.querySelector("[data-forward-list]");
  const kept = chosen().map((box) => box.closest("li"));
  const ids = new Set(kept.map((item) => item.querySelector("input").value));
  const fresh = [...part.querySelectorAll("[data-forward-list] > li")].filter((item) => !ids.has(item.querySelector("input")?.value));
  list.replaceChildren(...kept, ...(kept.length ? fresh.filter((item) => item.querySelector("input")) : fresh));
  limit();
}

function limit() {
  const isFull = chosen().length >= MOST;
  for (const box of dialog.querySelectorAll('[name="to"]')) box.disabled = isFull && !box.checked;
  dialog.querySelector("[data-forward-form] [type=submit]").disabled = !chosen().length;
}

onAct("forward", async (element, detail) => {
  number = detail.number;
  const part = await fetchPart("");
  if (!part || dialog.open) return;
  const close = part.querySelector("[data-pane-close]");
  close.removeAttribute("data-pane-close");
  close.setAttribute("role", "button");
  close.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.close();
  });
  part.querySelector("[data-forward-search] [type=submit]")?.remove();
  dialog.replaceChildren(...part.childNodes);
  dialog.showModal();
  dialog.querySelector("[type=search]").focus();
  limit();
  dialog.addEventListener("close", () => element.isConnected && element.focus({ preventScroll: true }), { once: true });
});

dialog.addEventListener("input", (event) => {
  if (!event.target.matches("[type=search]")) return;
  clearTimeout(timer);
  timer = setTimeout(() => find(event.target.value.trim()), WAIT_MS);
});
dialog.addEventListener("change", (event) => event.target.name === "to" && limit());

async function forward(form, confirmed = false) {
  const button = form.querySelector("[type=submit]");
  button.setAttribute("aria-busy", "true");
  const fields = { to: chosen().map((box) => box.value), text: form.elements.text.value, client_id: form.elements.client_id.value };
  const answer = await post(messageUrl(number, "forward"), confirmed ? { ...fields, confirmed: "1" } : fields);
  button.removeAttribute("aria-busy");
  form.querySelector(".field__error")?.remove();
  if (answer.ok) {
    const titles = chosen().map((box) => box.closest("label").querySelector("bdi").textContent.trim());
    dialog.close();
    showToast(interpolate(gettext("Forwarded to %s."), [titles.join(", ")]));
  } else if (answer.told?.error === "confirm_mention") {
    const words = interpolate(ngettext("This tells %s person.", "This tells %s people.", answer.told.people), [answer.told.people]);
    if (await askQuestion({ words, yes: gettext("Send"), no: gettext("Write on") })) forward(form, true);
  } else {
    const line = document.createElement("p");
    line.className = "field__error";
    line.setAttribute("role", "alert");
    line.textContent = reasonOf(answer);
    form.prepend(line);
  }
}

dialog.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.matches("[data-forward-search]")) find(event.target.elements.q.value.trim());
  else if (!event.target.querySelector('[aria-busy="true"]')) forward(event.target);
});

closeOnOutside(dialog);

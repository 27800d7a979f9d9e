/* Forms: one sending only, a word about Caps Lock, a question before what cannot be undone, fields that submit themselves. */

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sending) {
    event.preventDefault();
    return;
  }
  const question = event.submitter?.dataset.confirm ?? form.dataset.confirm;
  if (question && !window.confirm(question)) {
    event.preventDefault();
    return;
  }
  if (form.matches("[hx-post], [data-keep-open]")) return;
  form.dataset.sending = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});

// A page that comes back from the browser's memory is ready again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) {
    delete form.dataset.sending;
    form.querySelector('[aria-busy="true"]')?.removeAttribute("aria-busy");
  }
});

document.addEventListener("change", (event) => {
  if (event.target instanceof Element && event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("keyup", (event) => {
  const field = event.target;
  if (!(field instanceof HTMLInputElement) || field.type !== "password" || !event.getModifierState) return;
  const hint = document.getElementById(`${field.id}_caps`);
  if (hint) hint.hidden = !event.getModifierState("CapsLock");
});

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  await navigator.clipboard.writeText(source.textContent.trim().replace(/[ \t]*\n\s*/g, "\n"));
  const { say } = await import("./shell.js");
  button.setAttribute("aria-pressed", "true");
  say(gettext("Copied."));
});

// A passkey that was cancelled, timed out or is not of this site: say so in words instead of a line in the console.
document.addEventListener("allauth.error", async (event) => {
  event.preventDefault();
  const { showToast } = await import("./shell.js");
  showToast(gettext("The key did not answer. Try again, or use another way."), { trouble: true });
});

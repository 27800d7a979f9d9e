/* What every page can do: walk the panes by F6, say something to readers, show a toast. */

const SECONDS_SHOWN = 30;

/** Say a sentence to screen readers; `urgent` interrupts what is being read. */
export function say(text, { urgent = false } = {}) {
  const region = document.querySelector(`[data-say="${urgent ? "assertive" : "polite"}"]`);
  if (!region) return;
  region.textContent = "";
  // A region that gets the same sentence twice is silent the second time; an empty frame in between makes it speak.
  requestAnimationFrame(() => {
    region.textContent = text;
  });
}

/**
 * Show a short sentence above the page for some seconds; `trouble` stays longer and interrupts. With a `button` it stays for
 * `seconds`. Returns the toast.
 */
export function showToast(text, { trouble = false, button = null, seconds = SECONDS_SHOWN } = {}) {
  const toasts = document.querySelector("[data-toasts]");
  if (!toasts) return null;
  const toast = document.createElement("div");
  toast.className = button ? "toast toast--stay" : trouble ? "toast toast--long" : "toast";
  toast.setAttribute("role", trouble ? "alert" : "status");
  const words = document.createElement("span");
  words.dir = "auto";
  words.textContent = text;
  toast.append(words);
  if (button) toast.append(button);
  toasts.append(toast);
  setTimeout(() => toast.remove(), seconds * 1000);
  return toast;
}

document.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (event.key === "F6") {
    // F6 walks the panes, as in the programs that people know.
    const panes = [...document.querySelectorAll(".rail, .list, .sheet > .pane")].filter((pane) => pane.offsetParent !== null);
    const here = panes.findIndex((pane) => pane.contains(event.target));
    const next = panes[(here + (event.shiftKey ? panes.length - 1 : 1)) % panes.length];
    const target = next?.querySelector("textarea") ?? next?.querySelector('[aria-current], a[href], button, input, textarea, [tabindex="0"]');
    if (target) {
      event.preventDefault();
      target.focus();
    }
  }
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401) document.dispatchEvent(new CustomEvent("live:signed-out", { detail: {} }));
  else if (status === 503 || status === 429) showToast(gettext("The portal is very busy just now. Try again in a few seconds."), { trouble: true });
  else if (status === 403 || status === 404) showToast(gettext("This is not there any more, or it is not yours to do. Reload the page."), { trouble: true });
  else showToast(gettext("That did not work. Reload the page and try again."), { trouble: true });
});

document.addEventListener("htmx:sendError", () => {
  showToast(gettext("The portal cannot be reached. Nothing was lost; try again when the connection is back."), { trouble: true });
});

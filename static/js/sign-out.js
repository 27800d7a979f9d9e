/* Signing out removes what this browser keeps of the person; the form goes on its way when that is done, or after a second. */

import { forgetEverything } from "./chat/outbox.js";

const PATIENCE_MS = 1000;
const userId = document.body.dataset.userId;

for (const button of document.querySelectorAll("[data-sign-out]")) {
  button.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    await Promise.race([forgetEverything(userId), patience]);
    event.target.submit();
  });
}

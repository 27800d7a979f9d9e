/* Prints the page: [data-print], with the size of its paper where it names one. Without a script the link sets the paper alone. */

const PAPER = /^paper--/;

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-print]");
  if (!button) return;
  event.preventDefault();
  const size = button.dataset.print;
  const page = document.querySelector(".page");
  if (size && page) {
    for (const name of [...page.classList].filter((name) => PAPER.test(name))) page.classList.remove(name);
    page.classList.add(`paper--${size}`);
  }
  button.closest("details")?.removeAttribute("open");
  window.print();
});

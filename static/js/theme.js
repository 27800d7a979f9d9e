/* Runs before the first paint of a page whose <html> is not ours (the admin): puts the person's look onto it. */
{
  const look = document.currentScript.dataset;
  for (const name of ["theme", "contrast", "input", "density"]) {
    if (look[name]) document.documentElement.dataset[name] = look[name];
  }
}

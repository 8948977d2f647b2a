// Dark and light: as the system wants it, until somebody chooses.
export function applyTheme() {
  const chosen = localStorage.getItem('theme');
  if (chosen) document.documentElement.dataset.theme = chosen;
}

export function nextTheme() {
  const now = document.documentElement.dataset.theme
    || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  localStorage.setItem('theme', now === 'dark' ? 'light' : 'dark');
  applyTheme();
}

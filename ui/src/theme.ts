/** The look one chose; "system" follows the desktop. */
export type Theme = "system" | "light" | "dark";

export const THEMES: readonly Theme[] = ["system", "light", "dark"];

const KEY = "drydock.theme";

/** The stored choice, or "system". */
export function theme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

/** Shows a theme and remembers it. */
export function chooseTheme(next: Theme) {
  show(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Storage may be switched off; the choice then lasts as long as the page.
  }
}

function show(next: Theme) {
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
}

show(theme());

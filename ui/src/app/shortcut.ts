/**
 * Keys as text: "mod+k" (Command on Apple systems, Control elsewhere), "?" (the character itself), "g a" (one after
 * the other). Letters are small.
 */
export type Shortcut = string;

export const APPLE = /mac|iphone|ipad/i.test(navigator.userAgent);

type Press = Pick<KeyboardEvent, "key" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

/** One key press as the text of a shortcut; none for a press that no shortcut can be. */
export function reads({ key, ctrlKey, metaKey, altKey, shiftKey }: Press): Shortcut | undefined {
  if (key.length !== 1 || altKey || key === " ") return undefined;
  const letter = key.toLowerCase();
  if (ctrlKey || metaKey) return `mod+${shiftKey ? "shift+" : ""}${letter}`;
  // A capital letter is another one; of a sign, Shift is how it is typed.
  return shiftKey && letter !== key ? undefined : letter;
}

/** The shortcut as it is written on keys: ["Ctrl", "K"], ["G", "then", "A"]. */
export function keysOf(shortcut: Shortcut, apple = APPLE): string[] {
  return shortcut.split(" ").flatMap((press, index) => {
    const keys = press.split("+").map((key) => {
      if (key === "mod") return apple ? "⌘" : "Ctrl";
      if (key === "shift") return apple ? "⇧" : "Shift";
      return key.toUpperCase();
    });
    return index === 0 ? keys : ["then", ...keys];
  });
}

/** The same in one line: "Ctrl K", "G then A". */
export const written = (shortcut: Shortcut): string => keysOf(shortcut).join(" ");

import { useState, type ReactNode } from "react";
import { ActionContext, ActionRegistry, useActions, useKeys } from "./actions";
import { Palette, PALETTE_KEYS } from "./Palette";
import { ShortcutList } from "./ShortcutList";

function Keyboard() {
  const [open, setOpen] = useState<"palette" | "shortcuts">();
  useKeys();
  useActions([
    {
      id: "palette",
      title: "Find a page or an action",
      group: "General",
      shortcut: PALETTE_KEYS,
      whileTyping: true,
      keysOnly: true,
      run: () => setOpen("palette"),
    },
    {
      id: "shortcuts",
      title: "Keyboard shortcuts",
      group: "General",
      icon: "keyboard",
      shortcut: "?",
      words: "help keys",
      run: () => setOpen("shortcuts"),
    },
  ]);
  const close = () => setOpen(undefined);
  if (open === "palette") return <Palette onClose={close} />;
  return open === "shortcuts" ? <ShortcutList onClose={close} /> : null;
}

/** Everything below may offer actions; palette, list of shortcuts and keys come with it. */
export function ActionScope({ children }: { children: ReactNode }) {
  const [registry] = useState(() => new ActionRegistry());
  return (
    <ActionContext value={registry}>
      {children}
      <Keyboard />
    </ActionContext>
  );
}

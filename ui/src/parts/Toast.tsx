import { Toast as Radix } from "radix-ui";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { Button } from "./Button";
import { Icon } from "./Icon";
import "./Toast.css";

/** How long a message stays; pointer or focus on it stop the clock. */
const SHOWN_MS = 10_000;

interface Message {
  text: string;
  /** The way back, offered as long as the message is there; Ctrl Z takes it too. */
  undo?: { label: string; run: () => void };
}

type Say = (message: Message) => void;

const Context = createContext<Say>(() => undefined);

/** Says what has just happened, for a while, at the edge of the page. */
export const useToast = (): Say => useContext(Context);

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("input, textarea, [contenteditable]") !== null;
}

/** The place of the messages, and whoever may send one. */
export function Toasts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<readonly (Message & { id: number })[]>([]);
  const count = useRef(0);

  const say = useCallback((message: Message) => {
    count.current += 1;
    const id = count.current;
    setShown((before) => [...before.slice(-2), { ...message, id }]);
  }, []);
  const drop = useCallback((id: number) => setShown((before) => before.filter((message) => message.id !== id)), []);

  const last = useMemo(() => shown.findLast((message) => message.undo !== undefined), [shown]);
  useEffect(() => {
    if (last === undefined) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const undo = event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
      if (!undo || typing(event.target)) return;
      event.preventDefault();
      drop(last.id);
      last.undo?.run();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [last, drop]);

  return (
    <Context value={say}>
      <Radix.Provider duration={SHOWN_MS} label="Message">
        {children}
        {shown.map(({ id, text, undo }) => (
          <Radix.Root key={id} className="toast" onOpenChange={(open) => open || drop(id)}>
            <Radix.Description className="toast-text">{text}</Radix.Description>
            {undo !== undefined && (
              <Radix.Action asChild altText={`${undo.label}, or press Ctrl Z`} onClick={undo.run}>
                <Button>
                  <Icon name="undo" />
                  {undo.label}
                </Button>
              </Radix.Action>
            )}
            <Radix.Close asChild>
              <Button look="quiet" className="button-icon" aria-label="Close">
                <Icon name="close" />
              </Button>
            </Radix.Close>
          </Radix.Root>
        ))}
        <Radix.Viewport className="toasts" label="Messages ({hotkey})" />
      </Radix.Provider>
    </Context>
  );
}

import { Toast as Radix } from "radix-ui";
import { createContext, useCallback, useContext, useMemo, useRef, useState, type ReactNode } from "react";
import { fromThrown } from "../api/problem";
import { useActions } from "../app/actions";
import { written } from "../app/shortcut";
import { Button } from "./Button";
import { Icon } from "./Icon";
import "./Toast.css";

/** How long a message stays; pointer or focus on it stop the clock. */
const SHOWN_MS = 10_000;
/** As many as fit above one another; of more the oldest go. */
const MOST = 5;
const UNDO_KEYS = "mod+z";

export interface Message {
  text: string;
  /** Something failed: said at once by a screen reader, and drawn as a problem. */
  bad?: boolean;
  /** The way back, offered as long as the message is there; Ctrl Z takes the newest. */
  undo?: { label: string; run: () => void };
  /** It is about no client account's own, and stays when another one is entered. */
  anywhere?: boolean;
}

interface Messages {
  say: (message: Message) => void;
  /** Takes every message away that is about one client account, and every way back with it. What was begun before can no longer speak of anything by name. */
  clear: () => void;
}

const Context = createContext<Messages>({ say: () => undefined, clear: () => undefined });

/** Says what has just happened, for a while, at the edge of the page. */
export const useToast = (): Messages["say"] => useContext(Context).say;

/** Takes the messages away: for when what they speak of is no longer here. */
export const useClearToasts = (): Messages["clear"] => useContext(Context).clear;

/** What went wrong, in one message. */
export function failure(thrown: unknown, what: string): Message {
  const { title, detail, code } = fromThrown(thrown);
  return { text: `${what} ${title}.${detail === "" ? "" : ` ${detail}`} (${code})`, bad: true };
}

/**
 * Says what was done and offers to undo it, by button and by Ctrl Z. Whether the undo worked is said too.
 *
 *     const done = useUndo();
 *     await removeView(id);
 *     done("“Servers” deleted.", () => restoreView(id), "“Servers” is back.");
 */
export function useUndo() {
  const { say } = useContext(Context);
  return useCallback(
    (text: string, undo: () => Promise<unknown>, back = "Undone.") => {
      const run = () => {
        undo().then(
          () => say({ text: back }),
          (thrown: unknown) => say(failure(thrown, "This could not be undone:")),
        );
      };
      say({ text, undo: { label: "Undo", run } });
    },
    [say],
  );
}

/** The place of the messages, and whoever may send one. */
export function Toasts({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<readonly (Message & { id: number })[]>([]);
  const count = useRef(0);
  const [epoch, setEpoch] = useState(0);
  const now = useRef(epoch);

  const messages = useMemo(() => {
    const put = (message: Message) => {
      count.current += 1;
      const id = count.current;
      setShown((before) => [...before.slice(1 - MOST), { ...message, id }]);
    };
    return {
      say: (message: Message) => {
        if (now.current === epoch || message.anywhere === true) put(message);
        // It may name what is no longer to be seen.
        else if (message.bad === true) put({ text: "A change you made before you switched was not saved.", bad: true });
      },
      clear: () => {
        now.current += 1;
        setEpoch(now.current);
        setShown((before) => before.filter(({ anywhere }) => anywhere === true));
      },
    };
  }, [epoch]);
  const drop = (id: number) => setShown((before) => before.filter((message) => message.id !== id));

  const last = shown.findLast((message) => message.undo !== undefined);
  useActions([
    {
      id: "undo",
      title: last === undefined ? "Undo" : `${last.undo?.label ?? "Undo"}: ${last.text}`,
      group: "General",
      icon: "undo",
      shortcut: UNDO_KEYS,
      when: last !== undefined,
      run: () => {
        if (last === undefined) return;
        drop(last.id);
        last.undo?.run();
      },
    },
  ]);

  return (
    <Context value={messages}>
      <Radix.Provider duration={SHOWN_MS} label="Message">
        {children}
        {shown.map(({ id, text, bad, undo }) => (
          <Radix.Root
            key={id}
            className="toast"
            data-bad={bad}
            type={bad === true ? "foreground" : "background"}
            onOpenChange={(open) => open || drop(id)}
          >
            {bad === true && <Icon name="alert" />}
            <Radix.Description className="toast-text">{text}</Radix.Description>
            {undo !== undefined && (
              <Radix.Action asChild altText={`${undo.label}, or press ${written(UNDO_KEYS)}`} onClick={undo.run}>
                <Button title={`${undo.label} (${written(UNDO_KEYS)})`}>
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

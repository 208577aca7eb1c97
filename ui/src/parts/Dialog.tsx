import { AlertDialog, Dialog as Radix } from "radix-ui";
import { useRef, useState, type ReactNode, type SubmitEvent } from "react";
import { Button } from "./Button";
import { TextField } from "./Field";
import "./Dialog.css";

/** Gives the focus back to what opened a dialog; for an item of a menu, to the button of the menu. */
export function useFocusReturn() {
  const opener = useRef<HTMLElement | null>(null);
  return {
    onOpenAutoFocus: () => {
      const from = document.activeElement;
      const menu = from?.closest("[role=menu]")?.getAttribute("aria-labelledby");
      const button = menu == null ? from : document.getElementById(menu);
      opener.current = button instanceof HTMLElement ? button : null;
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault();
      opener.current?.focus();
    },
  };
}

interface ConfirmProps {
  open: boolean;
  onOpen: (open: boolean) => void;
  title: string;
  /** What the button that does it says. */
  does: string;
  /** A word that must be typed before it can be done, for what can't be undone: mostly the name of what goes. */
  typed?: string;
  onConfirm: () => void;
  /** What happens, in full. */
  children: ReactNode;
}

/** Asks before something large happens: Esc and "Cancel" change nothing. Begins at "Cancel", or at the word to type. */
export function Confirm({ open, onOpen, ...question }: ConfirmProps) {
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpen}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="veil" data-modal />
        <Question {...question} onDone={() => onOpen(false)} />
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

type QuestionProps = Omit<ConfirmProps, "open" | "onOpen"> & { onDone: () => void };

function Question({ title, does, typed, onConfirm, onDone, children }: QuestionProps) {
  const focus = useFocusReturn();
  const [word, setWord] = useState("");
  const ready = typed === undefined || word.trim() === typed;

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!ready) return;
    onDone();
    onConfirm();
  };

  return (
    <AlertDialog.Content className="dialog" {...focus}>
      <AlertDialog.Title>{title}</AlertDialog.Title>
      <AlertDialog.Description asChild>
        <div className="dialog-text">{children}</div>
      </AlertDialog.Description>
      <form onSubmit={submit} noValidate>
        {typed !== undefined && (
          <TextField
            label={`Type “${typed}” to go on`}
            name="confirmation"
            autoComplete="off"
            spellCheck={false}
            value={word}
            onText={setWord}
          />
        )}
        <div className="dialog-actions">
          <AlertDialog.Cancel asChild>
            <Button>Cancel</Button>
          </AlertDialog.Cancel>
          <Button look="primary" type="submit" aria-disabled={!ready || undefined}>
            {does}
          </Button>
        </div>
      </form>
    </AlertDialog.Content>
  );
}

interface FormProps {
  open: boolean;
  onOpen: (open: boolean) => void;
  title: string;
  /** What the button that sends it says. */
  does: string;
  busy: boolean;
  /** Whether something is filled in that closing would lose; it is asked about first. */
  dirty?: boolean;
  /** As wide as a form of two columns needs. */
  wide?: boolean;
  onSubmit: () => void;
  children: ReactNode;
}

/** A form over the page: Enter sends, Esc and "Cancel" close, which loses nothing without asking. */
export function FormDialog({ open, onOpen, title, does, busy, dirty = false, wide = false, onSubmit, children }: FormProps) {
  const focus = useFocusReturn();
  const [leaving, setLeaving] = useState(false);

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    // A question over this form is a form of its own, and within it for React.
    event.stopPropagation();
    onSubmit();
  };
  const change = (next: boolean) => {
    if (!next && dirty) setLeaving(true);
    else onOpen(next);
  };

  return (
    <Radix.Root open={open} onOpenChange={change}>
      <Radix.Portal>
        <Radix.Overlay className="veil" data-modal />
        <Radix.Content
          className={wide ? "dialog dialog-wide" : "dialog"}
          aria-describedby={undefined}
          {...focus}
          // A click beside a form is mostly a slip.
          onPointerDownOutside={(event) => dirty && event.preventDefault()}
        >
          <Radix.Title>{title}</Radix.Title>
          <form onSubmit={submit} noValidate>
            {children}
            <div className="dialog-actions">
              <Radix.Close asChild>
                <Button>Cancel</Button>
              </Radix.Close>
              <Button look="primary" type="submit" busy={busy}>
                {does}
              </Button>
            </div>
          </form>
        </Radix.Content>
      </Radix.Portal>
      <Discard open={leaving} onOpen={setLeaving} onDiscard={() => onOpen(false)} />
    </Radix.Root>
  );
}

/** Asks before what is filled in is lost. */
export function Discard({ open, onOpen, onDiscard }: { open: boolean; onOpen: (open: boolean) => void; onDiscard: () => void }) {
  return (
    <Confirm open={open} onOpen={onOpen} title="Discard what you filled in?" does="Discard" onConfirm={onDiscard}>
      <p>It has not been saved.</p>
    </Confirm>
  );
}

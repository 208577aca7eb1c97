import { AlertDialog, Dialog as Radix } from "radix-ui";
import { useRef, type ReactNode, type SubmitEvent } from "react";
import { Button } from "./Button";
import "./Dialog.css";

/** Gives the focus back to what opened a dialog; for an item of a menu, to the button of the menu. */
function useFocusReturn() {
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
  onConfirm: () => void;
  /** What happens, in full. */
  children: ReactNode;
}

/** Asks before something large happens: Esc and "Cancel" change nothing. Begins at "Cancel". */
export function Confirm({ open, onOpen, title, does, onConfirm, children }: ConfirmProps) {
  const focus = useFocusReturn();
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpen}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="veil" />
        <AlertDialog.Content className="dialog" {...focus}>
          <AlertDialog.Title>{title}</AlertDialog.Title>
          <AlertDialog.Description asChild>
            <div className="dialog-text">{children}</div>
          </AlertDialog.Description>
          <div className="dialog-actions">
            <AlertDialog.Cancel asChild>
              <Button>Cancel</Button>
            </AlertDialog.Cancel>
            <AlertDialog.Action asChild>
              <Button look="primary" onClick={onConfirm}>
                {does}
              </Button>
            </AlertDialog.Action>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

interface FormProps {
  open: boolean;
  onOpen: (open: boolean) => void;
  title: string;
  /** What the button that sends it says. */
  does: string;
  busy: boolean;
  onSubmit: () => void;
  children: ReactNode;
}

/** A form over the page: Enter sends, Esc and "Cancel" close. */
export function FormDialog({ open, onOpen, title, does, busy, onSubmit, children }: FormProps) {
  const focus = useFocusReturn();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Radix.Root open={open} onOpenChange={onOpen}>
      <Radix.Portal>
        <Radix.Overlay className="veil" />
        <Radix.Content className="dialog" aria-describedby={undefined} {...focus}>
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
    </Radix.Root>
  );
}

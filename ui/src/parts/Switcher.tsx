import { Popover } from "radix-ui";
import type { ReactNode } from "react";
import { Finder } from "./Finder";
import { Icon } from "./Icon";
import "./Switcher.css";

export interface SwitcherItem {
  id: string;
  name: string;
  note: string;
}

interface Props {
  /** What is chosen here, for instance "Client account". */
  what: string;
  /** The name shown on the button. */
  current: string;
  currentId: string | undefined;
  items: readonly SwitcherItem[] | undefined;
  onChoose: (id: string) => void;
  open: boolean;
  onOpen: (open: boolean) => void;
  /** The keys that open it, shown in the list's head. */
  keys?: string;
  className?: string;
  /** Below the list. */
  children?: ReactNode;
}

/** A button with the current choice that opens a list to type in: arrows move, Enter chooses, Esc closes. */
export function Switcher({ what, current, onOpen, open, className = "", keys, items, currentId, onChoose, children }: Props) {
  return (
    <Popover.Root open={open} onOpenChange={onOpen}>
      <Popover.Trigger asChild>
        <button type="button" className={`switcher ${className}`} title={keys && `${what} (${keys})`}>
          <span className="hidden">{what}: </span>
          <span className="switcher-name">{current}</span>
          <Icon name="chevron" />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="pop switcher-pop" align="start" sideOffset={4} collisionPadding={8} aria-label={what}>
          <Finder
            what={what.toLowerCase()}
            items={items}
            currentId={currentId}
            onChoose={(id) => {
              onOpen(false);
              onChoose(id);
            }}
            beside={keys !== undefined && <kbd>{keys}</kbd>}
          />
          {children}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

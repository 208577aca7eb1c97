import { Popover } from "radix-ui";
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
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
export function Switcher({ what, current, onOpen, open, className = "", ...list }: Props) {
  return (
    <Popover.Root open={open} onOpenChange={onOpen}>
      <Popover.Trigger asChild>
        <button type="button" className={`switcher ${className}`} title={list.keys && `${what} (${list.keys})`}>
          <span className="hidden">{what}: </span>
          <span className="switcher-name">{current}</span>
          <Icon name="chevron" />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="pop switcher-pop" align="start" sideOffset={4} collisionPadding={8} aria-label={what}>
          <Choices what={what} onDone={() => onOpen(false)} {...list} />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

type ChoicesProps = Pick<Props, "what" | "currentId" | "items" | "onChoose" | "keys" | "children"> & { onDone: () => void };

function Choices({ what, currentId, items, onChoose, onDone, keys, children }: ChoicesProps) {
  const id = useId();
  const [text, setText] = useState("");
  const list = useRef<HTMLDivElement>(null);

  const wanted = text.trim().toLowerCase();
  const found = (items ?? []).filter((item) => item.name.toLowerCase().includes(wanted));
  const start = Math.max(0, wanted === "" ? found.findIndex((item) => item.id === currentId) : 0);
  const [moved, setMoved] = useState<number>();
  const active = Math.min(moved ?? start, found.length - 1);
  const option = (index: number) => `${id}-${index}`;

  useEffect(() => {
    list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const choose = (index: number) => {
    const item = found[index];
    if (item === undefined) return;
    onDone();
    onChoose(item.id);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const last = found.length - 1;
    const target: Record<string, number | undefined> = {
      ArrowDown: active >= last ? 0 : active + 1,
      ArrowUp: active <= 0 ? last : active - 1,
      PageDown: last,
      PageUp: 0,
    };
    const next = target[event.key];
    if (next !== undefined) {
      event.preventDefault();
      setMoved(next);
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      event.preventDefault();
      choose(active);
    }
  };

  return (
    <>
      <div className="switcher-search">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label={`Find ${what.toLowerCase()}`}
          aria-expanded="true"
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 ? option(active) : undefined}
          placeholder={`Find ${what.toLowerCase()}`}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setMoved(undefined);
          }}
          onKeyDown={onKeyDown}
        />
        {keys !== undefined && <kbd>{keys}</kbd>}
      </div>
      <div className="switcher-list" role="listbox" id={id} aria-label={what} ref={list}>
        {found.map((item, index) => (
          // The keyboard works from the text box: it owns the focus and names the active option.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <div
            key={item.id}
            id={option(index)}
            role="option"
            tabIndex={-1}
            aria-selected={item.id === currentId}
            data-active={index === active || undefined}
            className="switcher-item"
            onClick={() => choose(index)}
            onPointerMove={() => setMoved(index)}
          >
            <span className="menu-tick" aria-hidden="true">
              {item.id === currentId && "✓"}
            </span>
            <span className="switcher-item-name">{item.name}</span>
            <span className="menu-note">{item.note}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && (
        <p className="switcher-none" role="status">
          {items === undefined
            ? "The list is on its way."
            : items.length === 0
              ? "There is nothing to choose from."
              : `Nothing is called “${text.trim()}”.`}
        </p>
      )}
      {children}
    </>
  );
}

import { Fragment, useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { find } from "./find";
import { Icon } from "./Icon";
import "./Finder.css";

export interface FinderItem {
  id: string;
  name: string;
  /** Beside the name, grey. */
  note?: ReactNode;
  /** The heading it stands under; items of one group follow one another. */
  group?: string;
  /** Other words it is found by. */
  words?: string | undefined;
  icon?: ReactNode;
}

interface Props {
  /** What is chosen here, for instance "client account". */
  what: string;
  items: readonly FinderItem[] | undefined;
  /** Marks the one that is chosen now, and begins at it. */
  currentId?: string | undefined;
  onChoose: (id: string) => void;
  /** Beside the text box, for instance the keys that open it. */
  beside?: ReactNode;
}

/** A text box over a list: type to filter, arrows move, Enter chooses. */
export function Finder({ what, currentId, items, onChoose, beside }: Props) {
  const id = useId();
  const [text, setText] = useState("");
  const list = useRef<HTMLDivElement>(null);

  const found = find(items ?? [], text);
  const start = Math.max(0, text.trim() === "" ? found.findIndex((item) => item.id === currentId) : 0);
  const [moved, setMoved] = useState<number>();
  const active = Math.min(moved ?? start, found.length - 1);
  const option = (index: number) => `${id}-${index}`;

  useEffect(() => {
    list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest" });
  }, [active]);

  const choose = (index: number) => {
    const item = found[index];
    if (item !== undefined) onChoose(item.id);
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

  // While one types the best come first, whatever their group.
  const grouped = text.trim() === "";

  return (
    <>
      <div className="finder-search">
        <Icon name="search" />
        <input
          type="text"
          role="combobox"
          aria-label={`Find ${what}`}
          aria-expanded="true"
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 ? option(active) : undefined}
          placeholder={`Find ${what}`}
          autoComplete="off"
          spellCheck={false}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setMoved(undefined);
          }}
          onKeyDown={onKeyDown}
        />
        {beside}
      </div>
      <div className="finder-list" role="listbox" id={id} aria-label={what} ref={list}>
        {found.map((item, index) => (
          <Fragment key={item.id}>
            {grouped && item.group !== undefined && item.group !== found[index - 1]?.group && (
              <div className="menu-head" role="presentation">
                {item.group}
              </div>
            )}
            {/* The keyboard works from the text box: it owns the focus and names the active option. */}
            {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events */}
            <div
              id={option(index)}
              role="option"
              tabIndex={-1}
              aria-selected={item.id === currentId}
              data-active={index === active || undefined}
              className="finder-item"
              onClick={() => choose(index)}
              onPointerMove={() => setMoved(index)}
            >
              {item.icon ?? (
                <span className="menu-tick" aria-hidden="true">
                  {item.id === currentId && "✓"}
                </span>
              )}
              <span className="finder-item-name">
                {!grouped && item.group !== undefined && <span className="quiet">{item.group}: </span>}
                {item.name}
              </span>
              {item.note !== undefined && <span className="menu-note">{item.note}</span>}
            </div>
          </Fragment>
        ))}
      </div>
      {found.length === 0 && (
        <p className="finder-none" role="status">
          {items === undefined
            ? "The list is on its way."
            : items.length === 0
              ? "There is nothing to choose from."
              : `Nothing is called “${text.trim()}”.`}
        </p>
      )}
    </>
  );
}

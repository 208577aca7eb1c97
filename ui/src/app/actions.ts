import { createContext, useContext, useEffect, useId, useRef, useSyncExternalStore } from "react";
import type { IconName } from "../parts/Icon";
import { reads, type Shortcut } from "./shortcut";

/** Under which heading an action stands in the palette and in the list of shortcuts. */
export type ActionGroup = "This page" | "Create" | "Go to" | "Switch" | "General";

/** In the order they are shown. */
export const GROUPS: readonly ActionGroup[] = ["This page", "Create", "Go to", "Switch", "General"];

/** Something one can do: the palette, the list of shortcuts and the keys are all made from these. */
export interface Action {
  /** Unique among the actions there are at a time, for instance "assets.export". */
  id: string;
  /** What it does, as a person says it: "Export the filtered assets". */
  title: string;
  group: ActionGroup;
  icon?: IconName;
  /** See `Shortcut`; none where the palette is the only way. */
  shortcut?: Shortcut;
  /** Whether the keys work while one types in a field, which only keys with "mod" can. */
  whileTyping?: boolean;
  /** Other words the palette finds it by. */
  words?: string;
  /** A note beside the title in the palette. */
  note?: string;
  /** Whether it can be done now; what can't be done is not offered. Always, where not given. */
  when?: boolean;
  /** Kept out of the palette, for an action that opens the palette itself. */
  keysOnly?: boolean;
  run: () => void;
}

type Listener = () => void;

/** The actions there are now. Pages put theirs in while they are mounted. */
export class ActionRegistry {
  private sources = new Map<string, readonly Action[]>();
  private list: readonly Action[] = [];
  private listeners = new Set<Listener>();

  put(source: string, actions: readonly Action[]) {
    this.sources.set(source, actions);
    this.changed();
  }

  remove(source: string) {
    if (this.sources.delete(source)) this.changed();
  }

  readonly actions = (): readonly Action[] => this.list;

  readonly subscribe = (listener: Listener) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  /** The last action that has this shortcut: a page's own come after those of the frame. */
  bound(shortcut: string): Action | undefined {
    return this.list.findLast((action) => action.shortcut === shortcut);
  }

  /** Does what `id` names, if it can be done now. */
  readonly run = (id: string) => this.list.find((action) => action.id === id)?.run();

  private changed() {
    this.list = [...this.sources.values()].flat().filter((action) => action.when !== false);
    for (const listener of this.listeners) listener();
  }
}

export const ActionContext = createContext(new ActionRegistry());

/** What tells two lists apart on screen; a new `run` alone is no news. */
const shown = (actions: readonly Action[]) => JSON.stringify(actions);

/**
 * Offers actions while the calling component is mounted. They may be made anew at every render; `run` is always
 * that of the last one.
 */
export function useActions(actions: readonly Action[]) {
  const registry = useContext(ActionContext);
  const source = useId();
  const latest = useRef(actions);
  const signature = shown(actions);

  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    registry.put(
      source,
      latest.current.map((action, index) => ({ ...action, run: () => latest.current[index]?.run() })),
    );
    return () => registry.remove(source);
  }, [registry, source, signature]);
}

/** All actions there are now. */
export function useAllActions(): readonly Action[] {
  const registry = useContext(ActionContext);
  return useSyncExternalStore(registry.subscribe, registry.actions);
}

/** Does an action by its id: for a button that stands for one. */
export const useRun = () => useContext(ActionContext).run;

const SEQUENCE_MS = 1200;
const KEY = "drydock.single-keys";

/** Whether shortcuts of plain letters are on. Speech input types letters, so one can switch them off. */
export const singleKeys = {
  on: () => {
    try {
      return localStorage.getItem(KEY) !== "off";
    } catch {
      return true;
    }
  },
  set: (on: boolean) => {
    try {
      if (on) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, "off");
    } catch {
      // Storage may be switched off; the keys then stay on.
    }
  },
};

/** Where letters are text, or choose an item of a list. */
const TAKES_LETTERS = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], [role=menu], [role=listbox]";

function within(target: EventTarget | null, selector: string): boolean {
  return target instanceof Element && target.closest(selector) !== null;
}

/** Runs the action whose keys were pressed; nothing while a dialog asks something. */
export function useKeys() {
  const registry = useContext(ActionContext);
  useEffect(() => {
    let before = "";
    let at = 0;
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const pressed = reads(event);
      if (pressed === undefined || document.querySelector("[data-modal]") !== null) return;
      const plain = !pressed.startsWith("mod+");
      if (plain && (within(event.target, TAKES_LETTERS) || !singleKeys.on())) return;
      const now = Date.now();
      const sequence = now - at < SEQUENCE_MS ? `${before} ${pressed}` : pressed;
      const action = registry.bound(sequence) ?? registry.bound(pressed);
      [before, at] = [pressed, now];
      if (action === undefined) return;
      if (within(event.target, TAKES_LETTERS) && action.whileTyping !== true) return;
      at = 0;
      event.preventDefault();
      action.run();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [registry]);
}

import { useCallback, useEffect, useLayoutEffect, useRef, useState, type RefObject } from "react";

/** The tallest box that every engine lays out exactly; a million rows are higher. */
const TALLEST = 8_000_000;
/** Rows kept above and below what is on screen. */
const AROUND = 6;

/** How a list that may be higher than any box stands in one. */
export interface Place {
  /** Height of the box in px. */
  box: number;
  /** What the top of the list lies above the top of the box, in px. */
  shift: number;
}

/**
 * Where to stand after the box was scrolled from `before` to `now`. A list that fits scrolls as it is. A higher one follows short ways px by
 * px; a long way is a jump to the same share of the list.
 */
export function follow(list: number, view: number, place: Place, before: number, now: number): { shift: number; top: number } {
  const { box } = place;
  const room = box - view;
  if (list <= box || room <= 0) return { shift: 0, top: now };
  const share = (list - box) / room;
  // At the very ends the list ends too.
  if (now <= 0) return { shift: 0, top: 0 };
  if (now >= room) return { shift: list - box, top: room };
  if (Math.abs(now - before) > 2 * view) return { shift: now * share, top: now };
  const at = Math.min(Math.max(now + place.shift, 0), list - view);
  // Short ways add up: before the box ends, the same rows are shown from where they belong in it.
  if (now < view || now > room - view) {
    const top = at / (1 + share);
    return { shift: at - top, top };
  }
  return { shift: at - now, top: now };
}

/** Where to stand so that the list is seen from `at` px on. */
export function reach(list: number, view: number, box: number, at: number): { shift: number; top: number } {
  const wanted = Math.min(Math.max(at, 0), Math.max(0, list - view));
  const room = box - view;
  if (list <= box || room <= 0) return { shift: 0, top: wanted };
  const top = wanted / (1 + (list - box) / room);
  return { shift: wanted - top, top };
}

export interface Scroll {
  /** For the scrolling box. */
  scroller: RefObject<HTMLDivElement | null>;
  /** Rows to draw, from and to, both included; to is -1 where there are none. */
  first: number;
  last: number;
  /** Height of the box of all rows in px. */
  box: number;
  /** Distance of a row from the top of that box in px. */
  top: (row: number) => number;
  /** Rows that fit on screen. */
  page: number;
  /** Brings a row into view by the shortest way. */
  show: (row: number) => void;
  /** Scrolls back to the first column. */
  toFirstColumn: () => void;
  onScroll: () => void;
}

/** Which of `count` rows of equal height are in sight of a scrolling box whose head of the height `head` sticks. */
export function useScroll(count: number, row: number, head: number): Scroll {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState(0);
  const [state, setState] = useState({ top: 0, shift: 0 });
  const latest = useRef(state);
  const list = count * row;
  const box = Math.min(list, TALLEST);

  const stand = useCallback((next: { top: number; shift: number }) => {
    latest.current = next;
    setState((before) => (before.top === next.top && before.shift === next.shift ? before : next));
  }, []);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const measure = () => setView(Math.max(0, element.clientHeight - head));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [head]);

  const onScroll = useCallback(() => {
    const element = scroller.current;
    if (element === null) return;
    const now = element.scrollTop;
    const before = latest.current;
    if (now === before.top) return;
    const next = follow(list, view, { box, shift: before.shift }, before.top, now);
    stand(next);
    if (next.top !== now) element.scrollTop = next.top;
  }, [list, view, box, stand]);

  const show = useCallback(
    (index: number) => {
      const element = scroller.current;
      if (element === null) return;
      const at = latest.current.top + latest.current.shift;
      const wanted = index * row < at ? index * row : (index + 1) * row > at + view ? (index + 1) * row - view : at;
      if (wanted === at) return;
      const short = latest.current.top + (wanted - at);
      // A short way keeps the rows where they are drawn.
      const next =
        Math.abs(wanted - at) <= view && short > view && short < box - 2 * view
          ? { top: short, shift: latest.current.shift }
          : reach(list, view, box, wanted);
      stand(next);
      element.scrollTop = next.top;
    },
    [row, view, list, box, stand],
  );

  // A shorter list: the browser moves the box without a word.
  useEffect(() => {
    const most = Math.max(0, list - view);
    if (latest.current.top + latest.current.shift > most) stand(reach(list, view, box, most));
  }, [list, view, box, stand]);

  const at = state.top + state.shift;
  const first = Math.max(0, Math.floor(at / row) - AROUND);
  const last = Math.min(count - 1, Math.ceil((at + view) / row) + AROUND);
  return {
    scroller,
    first,
    last,
    box,
    // A row that is far away must not make the box longer.
    top: (index) => Math.min(Math.max(index * row - state.shift, -row), Math.max(0, box - row)),
    page: Math.max(1, Math.floor(view / row) - 1),
    show,
    toFirstColumn: useCallback(() => {
      if (scroller.current !== null) scroller.current.scrollLeft = 0;
    }, []),
    onScroll,
  };
}

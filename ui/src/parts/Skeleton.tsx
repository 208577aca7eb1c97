import { useEffect, useRef, useState } from "react";

/** A wait shorter than this shows nothing; the style sheet keeps skeletons unseen for as long. */
export const UNSEEN_MS = 200;
/** What was seen at all stays this long, so that it doesn't flicker. */
const LEAST_MS = 350;

/** A grey bar in the place of text that is on its way; it appears only after a short wait. */
export function Skeleton({ width }: { width: string }) {
  return <span className="skeleton" style={{ width }} aria-hidden="true" />;
}

/**
 * Whether the skeleton stands in for the content: while `pending`, and for a moment longer where it has just come
 * into sight.
 */
export function useSkeleton(pending: boolean): boolean {
  const since = useRef<number>(undefined);
  const [held, setHeld] = useState(pending);

  useEffect(() => {
    if (pending) {
      since.current ??= performance.now();
      // eslint-disable-next-line react-hooks/set-state-in-effect -- the clock is the outer system here
      setHeld(true);
      return;
    }
    const shown = since.current === undefined ? 0 : performance.now() - since.current - UNSEEN_MS;
    since.current = undefined;
    if (shown <= 0 || shown >= LEAST_MS) {
      setHeld(false);
      return;
    }
    const timer = setTimeout(() => setHeld(false), LEAST_MS - shown);
    return () => clearTimeout(timer);
  }, [pending]);

  return pending || held;
}

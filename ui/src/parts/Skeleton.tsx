/** A grey bar in the place of text that is on its way; it appears only after a short wait. */
export function Skeleton({ width }: { width: string }) {
  return <span className="skeleton" style={{ width }} aria-hidden="true" />;
}

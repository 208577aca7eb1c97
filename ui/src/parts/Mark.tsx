/** The hull in its dock. `water` from 0 to 1 floods the dock and floats the hull off its blocks. */
export function Mark({ size = 24, water = 0 }: { size?: number; water?: number }) {
  return (
    <svg className="mark" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <rect className="mark-water" x="3" y="13" width="18" height="7" style={{ transform: `scaleY(${water})` }} />
      <path className="mark-dock" d="M1 12h2.5v7H8v-3.5h2V19h4v-3.5h2V19h4.5v-7H23v9.5H1z" />
      <path
        className="mark-hull"
        d="M7 2h5.5v3.5H22L17.5 14.5H7L3 5.5h4z"
        style={{ transform: `translateY(${-water * 1.25}px)` }}
      />
    </svg>
  );
}

/** Mark and name together. */
export function WordMark({ size = 24, water }: { size?: number; water?: number }) {
  return (
    <span className="wordmark">
      <Mark size={size} {...(water !== undefined && { water })} />
      <span className="wordmark-name">Drydock</span>
    </span>
  );
}

interface Props {
  /** What is drawn, for whoever doesn't see it: "Connections, 3 at the least, 9 at the most". */
  label: string;
  values: readonly number[];
}

const WIDTH = 160;
const HEIGHT = 32;

/** A line through a few hundred values, lowest at the foot. Its figures stand beside it. */
export function Sparkline({ label, values }: Props) {
  if (values.length < 2) return null;
  const low = Math.min(...values);
  const span = Math.max(...values) - low || 1;
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * WIDTH;
    const y = HEIGHT - 2 - ((value - low) / span) * (HEIGHT - 4);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg className="sparkline" role="img" aria-label={label} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
      <polyline points={points.join(" ")} />
    </svg>
  );
}

import { keysOf, type Shortcut } from "../app/shortcut";

/** A shortcut, key by key. */
export function Keys({ of }: { of: Shortcut }) {
  return (
    <span className="keys">
      {keysOf(of).map((key, index) => (key === "then" ? <span key={index}>then</span> : <kbd key={index}>{key}</kbd>))}
    </span>
  );
}

const KEY = "drydock.token";

type Listener = () => void;

function stored(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    // Storage may be switched off; the token then lives as long as the page.
    return null;
  }
}

let token: string | null = stored();
const listeners = new Set<Listener>();

function keep(next: string | null) {
  token = next;
  try {
    if (next === null) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, next);
  } catch {
    // See stored().
  }
}

/** The bearer token of this window or tab: in memory, and in session storage so that a reload keeps it. */
export const session = {
  token: () => token,
  begin(next: string) {
    keep(next);
  },
  /** Forgets the token without a word: signing out. */
  end() {
    keep(null);
  },
  /** Forgets the token because the API refused it, and tells whoever listens. */
  expire() {
    if (token === null) return;
    keep(null);
    for (const listener of listeners) listener();
  },
  onExpire(listener: Listener) {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

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
/** Set while whoever was signed in is asked to sign in again where they are. */
let waiting: { promise: Promise<boolean>; settle: (renewed: boolean) => void } | undefined;

function settle(renewed: boolean) {
  waiting?.settle(renewed);
  waiting = undefined;
}

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
    settle(true);
  },
  /** Forgets the token without a word: signing out. */
  end() {
    keep(null);
    settle(false);
  },
  /** Somebody is asked to sign in again in place: until they have, or have gone, requests that were refused wait. */
  lapse() {
    let settleIt: (renewed: boolean) => void = () => undefined;
    const promise = new Promise<boolean>((resolve) => {
      settleIt = resolve;
    });
    waiting ??= { promise, settle: settleIt };
  },
  lapsed: () => waiting !== undefined,
  /** Whether there is a new session to try again with, once it is known. No, where nobody is asked. */
  renewed: (): Promise<boolean> => waiting?.promise ?? Promise.resolve(false),
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

import { Link, useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { useTitle } from "../app/useTitle";
import { ProblemView } from "../parts/ProblemView";
import { WordMark } from "../parts/Mark";

/** No page has this address. */
export function NotFound() {
  useTitle("Page not found");
  return (
    <main className="lone" id="main">
      <WordMark size={32} />
      <h1>There is no page at this address</h1>
      <p>
        <code>{location.pathname}</code> leads nowhere. It may have been mistyped, or come from another version of
        Drydock.
      </p>
      <p>
        <Link to="/" className="button button-primary">
          Go to the start page
        </Link>
      </p>
      <p className="quiet">
        Code <code>ui.page_not_found</code>
      </p>
    </main>
  );
}

/** A page broke while it was drawn. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  useTitle("Problem");
  const again = () => {
    reset();
    void router.invalidate();
  };
  return (
    <div className="lone">
      <ProblemView error={error} onRetry={again}>
        <Link to="/" className="button button-plain">
          Go to the start page
        </Link>
      </ProblemView>
    </div>
  );
}

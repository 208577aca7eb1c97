import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { Problem } from "../api/problem";
import { meQuery, type User } from "../api/queries";
import { session } from "../api/session";
import { BootGate } from "./BootGate";
import { makeRouter } from "./router";
import { SignInAgain } from "./SignInAgain";

function makeQueries() {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        // A refusal stays a refusal; only a lost connection or a stumbling server is worth a second try.
        retry: (failures, error) => failures < 1 && !(error instanceof Problem && error.status > 0 && error.status < 500),
        retryDelay: 300,
        // The platform runs on this machine; whether the network is up says nothing about it.
        networkMode: "always",
        refetchOnWindowFocus: false,
      },
    },
  });
}

function Pages({ queries }: { queries: QueryClient }) {
  const [router] = useState(() => makeRouter(queries));

  const [lapsed, setLapsed] = useState<User>();

  const leave = useCallback(() => {
    session.end();
    setLapsed(undefined);
    queries.clear();
    // The guard of the page one is on sends to the login page, and remembers the way back.
    void router.invalidate();
  }, [queries, router]);

  const done = useCallback(() => {
    setLapsed(undefined);
    // What one may do may have changed meanwhile.
    void queries.invalidateQueries({ queryKey: meQuery.queryKey });
  }, [queries]);

  useEffect(
    () =>
      session.onExpire(() => {
        const me = queries.getQueryData(meQuery.queryKey)?.user;
        if (me === undefined) {
          leave();
          return;
        }
        session.lapse();
        setLapsed(me);
      }),
    [queries, leave],
  );

  return (
    <>
      <RouterProvider router={router} />
      {lapsed !== undefined && <SignInAgain user={lapsed} onDone={done} onLeave={leave} />}
    </>
  );
}

/** The whole front end: cache, boot gate, pages. */
export function App() {
  const [queries] = useState(makeQueries);
  return (
    <QueryClientProvider client={queries}>
      <BootGate>
        <Pages queries={queries} />
      </BootGate>
    </QueryClientProvider>
  );
}

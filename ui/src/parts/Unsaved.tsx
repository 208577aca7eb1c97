import { useBlocker } from "@tanstack/react-router";
import { Discard } from "./Dialog";

/** Asks before one leaves a page whose form holds something unsaved, also by closing the window. */
export function Unsaved({ dirty }: { dirty: boolean }) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: () => dirty,
    enableBeforeUnload: () => dirty,
    withResolver: true,
  });
  return <Discard open={status === "blocked"} onOpen={(open) => open || reset?.()} onDiscard={() => proceed?.()} />;
}

import { useQuery } from "@tanstack/react-query";
import { Dialog as Radix } from "radix-ui";
import { useEffect, useRef } from "react";
import { setupQuery, signIn, type User } from "../api/queries";
import { session } from "../api/session";
import { Button } from "../parts/Button";
import { PasswordField } from "../parts/Field";
import { FormProblem } from "../parts/FormProblem";
import { useForm } from "../parts/useForm";

interface Props {
  /** Who was signed in. */
  user: User;
  onDone: () => void;
  /** They give up, and what is on the page with it. */
  onLeave: () => void;
}

/** Over the page when the session has ended: who was signed in goes on in place, and what they had filled in stays. */
export function SignInAgain({ user, onDone, onLeave }: Props) {
  const before = useRef(document.activeElement);
  // Where a reset left no user, nobody can sign in again: the first account is to be set up.
  const nobody = useQuery(setupQuery).data === true;
  useEffect(() => {
    if (nobody) onLeave();
  }, [nobody, onLeave]);
  const form = useForm({
    initial: { password: "" },
    send: async ({ password }) => {
      const { token } = await signIn({ email: user.email, password });
      session.begin(token.access_token);
      onDone();
    },
  });

  return (
    <Radix.Root open>
      <Radix.Portal>
        <Radix.Overlay className="veil" data-modal />
        <Radix.Content
          className="dialog"
          // There is nothing to go back to without a session; "Sign out" is the other way.
          onEscapeKeyDown={(event) => event.preventDefault()}
          onPointerDownOutside={(event) => event.preventDefault()}
          onCloseAutoFocus={(event) => {
            event.preventDefault();
            if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
          }}
        >
          <Radix.Title>Your session has ended</Radix.Title>
          <Radix.Description className="dialog-text">
            Sign in again as {user.full_name} to go on where you were. What you have filled in is still there.
          </Radix.Description>
          <form onSubmit={form.submit} noValidate>
            <FormProblem problem={form.problem} />
            <div className="dialog-fields">
              <input hidden readOnly name="email" autoComplete="username" value={user.email} />
              <PasswordField {...form.field("password")} label="Password" autoComplete="current-password" />
            </div>
            <div className="dialog-actions">
              <Button onClick={onLeave}>Sign out</Button>
              <Button look="primary" type="submit" busy={form.busy}>
                Sign in
              </Button>
            </div>
          </form>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

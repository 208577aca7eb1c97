import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { fromThrown, type Problem } from "../api/problem";
import { changePassword, demoAccountsQuery } from "../api/queries";
import { session } from "../api/session";
import { FormDialog } from "../parts/Dialog";
import { PasswordField } from "../parts/Field";
import { ProblemWords } from "../parts/Notice";
import { PasswordRules } from "../parts/PasswordRules";
import { useToast } from "../parts/Toast";

interface Props {
  /** Whose password: for password managers. */
  email: string;
  onClose: () => void;
}

/** Asks for the current and the new password. Other sessions end, this one goes on. */
export function ChangePassword({ email, onClose }: Props) {
  const queries = useQueryClient();
  const say = useToast();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const sending = useRef(false);
  const fields = useRef<HTMLDivElement>(null);

  // The first field that is wrong is where one goes on.
  useEffect(() => {
    if (problem !== undefined) fields.current?.querySelector<HTMLInputElement>("[aria-invalid]")?.focus();
  }, [problem]);

  const change = async () => {
    if (sending.current) return;
    sending.current = true;
    setBusy(true);
    setProblem(undefined);
    try {
      const { token } = await changePassword({ current_password: current, new_password: next });
      session.begin(token.access_token);
      // A demo account whose password is another one is no longer offered at sign-in.
      queries.removeQueries({ queryKey: demoAccountsQuery.queryKey });
      say({ text: "Your password is changed. Wherever else you were signed in, you are signed out." });
      onClose();
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    } finally {
      sending.current = false;
      setBusy(false);
    }
  };

  const wrong = (path: string) => problem?.fields.find((field) => field.path === path)?.message;
  const [wrongCurrent, wrongNext] = [wrong("/current_password"), wrong("/new_password")];
  const elsewhere = problem !== undefined && wrongCurrent === undefined && wrongNext === undefined;

  return (
    <FormDialog
      open
      onOpen={(open) => open || onClose()}
      title="Change password"
      does="Change password"
      busy={busy}
      onSubmit={() => void change()}
    >
      {elsewhere && (
        <div className="form-problem" role="alert">
          <ProblemWords problem={problem} />
        </div>
      )}
      <div className="dialog-fields" ref={fields}>
        <input hidden readOnly name="email" autoComplete="username" value={email} />
        <PasswordField
          label="Current password"
          name="current_password"
          autoComplete="current-password"
          value={current}
          onText={setCurrent}
          problem={wrongCurrent}
        />
        <PasswordField
          label="New password"
          name="new_password"
          autoComplete="new-password"
          value={next}
          onText={setNext}
          problem={wrongNext}
          hint={<PasswordRules password={next} />}
        />
      </div>
    </FormDialog>
  );
}

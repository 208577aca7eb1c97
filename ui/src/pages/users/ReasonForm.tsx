import { useQueryClient } from "@tanstack/react-query";
import { refreshUser, rejectUser, suspendUser, type UserSummary } from "../../api/admin";
import { FormDialog } from "../../parts/Dialog";
import { TextArea } from "../../parts/Field";
import { FormProblem } from "../../parts/FormProblem";
import { useToast } from "../../parts/Toast";
import { useForm } from "../../parts/useForm";

const DEEDS = {
  reject: {
    title: "Reject",
    done: "is rejected",
    path: "/rejection_reason",
    hint: "At least 10 characters. Whoever registered can read it.",
    send: rejectUser,
  },
  suspend: {
    title: "Suspend",
    done: "is suspended; every session ended",
    path: "/reason",
    hint: "For the audit trail, and for whoever lets them in again.",
    send: suspendUser,
  },
} as const;

/** Rejects or suspends somebody, for a reason. */
export function ReasonForm({ user, deed, onClose }: { user: Pick<UserSummary, "id" | "full_name">; deed: keyof typeof DEEDS; onClose: () => void }) {
  const queries = useQueryClient();
  const say = useToast();
  const { title, done, path, hint, send } = DEEDS[deed];
  const form = useForm({
    initial: { reason: "" },
    paths: { reason: path },
    send: async ({ reason }) => {
      await refreshUser(queries, await send(user.id, reason));
      say({ text: `${user.full_name} ${done}.` });
      onClose();
    },
  });
  return (
    <FormDialog
      open
      onOpen={(open) => open || onClose()}
      title={`${title} ${user.full_name}`}
      does={title}
      busy={form.busy}
      dirty={form.dirty}
      onSubmit={form.submit}
    >
      <div className="dialog-fields">
        <FormProblem problem={form.problem} />
        <TextArea label="Reason" {...form.field("reason")} hint={hint} />
      </div>
    </FormDialog>
  );
}

import { useId, useState } from "react";
import { fromThrown, type Problem } from "../../api/problem";
import { FormDialog } from "../../parts/Dialog";
import { ProblemWords } from "../../parts/Notice";

export interface Words {
  name: string;
  note: string;
}

interface Props {
  title: string;
  does: string;
  start: Words;
  /** Rejects with what is wrong; the form stays then. */
  onSave: (words: Words) => Promise<void>;
  onClose: () => void;
}

/** Asks for a snapshot's name and note. */
export function SnapshotForm({ title, does, start, onSave, onClose }: Props) {
  const id = useId();
  const [name, setName] = useState(start.name);
  const [note, setNote] = useState(start.note);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();

  const save = async () => {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await onSave({ name, note });
      onClose();
    } catch (thrown) {
      setProblem(fromThrown(thrown));
    } finally {
      setBusy(false);
    }
  };

  const wrong = (path: string) => problem?.fields.find((field) => field.path === path)?.message;
  const [wrongName, wrongNote] = [wrong("/name"), wrong("/note")];
  const elsewhere = problem !== undefined && wrongName === undefined && wrongNote === undefined;

  return (
    <FormDialog open onOpen={(open) => open || onClose()} title={title} does={does} busy={busy} onSubmit={() => void save()}>
      {elsewhere && (
        <div className="form-problem" role="alert">
          <ProblemWords problem={problem} />
        </div>
      )}
      <div className="field">
        <label htmlFor={`${id}-name`}>Name</label>
        <input
          id={`${id}-name`}
          value={name}
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
          onFocus={(event) => event.target.select()}
          aria-invalid={wrongName !== undefined || undefined}
          aria-describedby={wrongName && `${id}-name-problem`}
        />
        {wrongName !== undefined && (
          <p id={`${id}-name-problem`} className="field-problem" role="alert">
            {wrongName}
          </p>
        )}
      </div>
      <div className="field">
        <label htmlFor={`${id}-note`}>Note, if you like</label>
        <textarea
          id={`${id}-note`}
          value={note}
          rows={3}
          onChange={(event) => setNote(event.target.value)}
          aria-invalid={wrongNote !== undefined || undefined}
          aria-describedby={wrongNote && `${id}-note-problem`}
        />
        {wrongNote !== undefined && (
          <p id={`${id}-note-problem`} className="field-problem" role="alert">
            {wrongNote}
          </p>
        )}
      </div>
    </FormDialog>
  );
}

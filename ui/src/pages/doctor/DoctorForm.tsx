import { useRef, useState, type SubmitEvent } from "react";
import type { NewExamination } from "../../api/diagnosis";
import type { Problem } from "../../api/problem";
import { Button } from "../../parts/Button";
import { Check, PasswordField, TextArea, TextField } from "../../parts/Field";
import { counted, size } from "../../words";
import { readRevisions, REVISIONS_LIMIT, sizeOf } from "./revisions";

type Revisions = NonNullable<NewExamination["revisions"]>;

interface Props {
  busy: boolean;
  problem: Problem | undefined;
  onExamine: (what: NewExamination) => void;
  onCancel: () => void;
}

/** What the doctor is to look at. Nothing of it is kept. */
export function DoctorForm({ busy, problem, onExamine, onCancel }: Props) {
  const [own, setOwn] = useState(true);
  const [url, setUrl] = useState("");
  const [api, setApi] = useState("");
  const [origin, setOrigin] = useState("");
  const [environment, setEnvironment] = useState("");
  const [revisions, setRevisions] = useState<Revisions>([]);
  const picker = useRef<HTMLInputElement>(null);
  const wrong = (path: string) => problem?.fields.find((field) => field.path === path)?.message;
  const tooLarge = sizeOf(revisions) > REVISIONS_LIMIT;

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (busy || tooLarge) return;
    onExamine({
      own,
      revisions,
      ...(!own && url.trim() !== "" && { database_url: url }),
      ...(api.trim() !== "" && { api }),
      ...(origin.trim() !== "" && { origin }),
      ...(environment.trim() !== "" && { environment }),
    });
  };

  return (
    <form className="doctor-form" onSubmit={submit} aria-label="What to look at" noValidate>
      <fieldset>
        <legend>Database</legend>
        <Check label="Drydock's own live database" checked={own} onCheck={setOwn} problem={wrong("/own")} />
        {!own && (
          <PasswordField
            label="Database URL"
            autoComplete="off"
            placeholder="postgresql://user:password@host:5432/name"
            value={url}
            onText={setUrl}
            problem={wrong("/database_url")}
            hint="As the deployment has it. Read in a read-only transaction; left empty, no database is looked at."
          />
        )}
      </fieldset>
      <fieldset>
        <legend>API and the page that asks it</legend>
        <TextField label="API address" type="url" inputMode="url" autoComplete="off" placeholder="https://api.example.com" value={api} onText={setApi} problem={wrong("/api")} />
        <TextField
          label="Origin of the page"
          type="url"
          inputMode="url"
          autoComplete="off"
          placeholder="https://app.example.com"
          value={origin}
          onText={setOrigin}
          problem={wrong("/origin")}
          hint="A preflight and a request are sent as a browser on that page would send them."
        />
      </fieldset>
      <fieldset>
        <legend>Environment</legend>
        <TextArea
          label="Variables of the deployment"
          rows={4}
          spellCheck={false}
          autoComplete="off"
          placeholder={"APP_ENV=production\nDATABASE_URL=postgresql://…"}
          value={environment}
          onText={setEnvironment}
          problem={wrong("/environment")}
          hint="Lines of NAME=value, as in an env file. Keys are shown as fingerprints only."
        />
      </fieldset>
      <fieldset>
        <legend>Folder of revisions</legend>
        <input
          ref={picker}
          type="file"
          className="hidden"
          tabIndex={-1}
          aria-hidden="true"
          multiple
          accept=".py,.sql"
          {...{ webkitdirectory: "" }}
          onChange={(event) => {
            const files = [...(event.target.files ?? [])];
            event.target.value = "";
            void readRevisions(files).then(setRevisions);
          }}
        />
        <div className="doctor-revisions">
          <Button onClick={() => picker.current?.click()}>Choose a folder</Button>
          {revisions.length > 0 && (
            <Button look="quiet" onClick={() => setRevisions([])}>
              Leave it out
            </Button>
          )}
        </div>
        <p className={tooLarge ? "field-problem" : "field-hint"} role="status">
          {revisions.length === 0
            ? "Alembic's versions, or a folder of SQL migrations; read as text, nothing of it is run."
            : tooLarge
              ? `${counted(revisions.length, "file")} with ${size(sizeOf(revisions))} are more than the ${size(REVISIONS_LIMIT)} that are taken here. Use “drydock doctor --migrations” instead.`
              : `${counted(revisions.length, "file")}, ${size(sizeOf(revisions))}.`}
        </p>
        {wrong("/revisions") !== undefined && <p className="field-problem">{wrong("/revisions")}</p>}
      </fieldset>
      <div className="doctor-run">
        <Button type="submit" look="primary" busy={busy}>
          Examine
        </Button>
        {busy && <Button onClick={onCancel}>Cancel</Button>}
      </div>
    </form>
  );
}

import type { NewExamination } from "../../api/diagnosis";

type RevisionFile = NonNullable<NewExamination["revisions"]>[number];

/** Bytes of a file that are sent: what names a revision and its parent stands at its beginning. */
const HEAD = 16 * 1024;
/** Bytes of all files together. */
export const REVISIONS_LIMIT = 1_800_000;

/** Whether a file can be a revision: of Alembic or Django, sqlx or Flyway. */
const isRevision = (name: string) => /\.(py|sql)$/.test(name) && !name.startsWith("__");

/** The revisions among some files, each with its beginning. */
export async function readRevisions(files: readonly File[]): Promise<RevisionFile[]> {
  const wanted = files.filter(({ name }) => isRevision(name)).sort((a, b) => a.name.localeCompare(b.name));
  // SQL is compared by its checksum, so it is sent whole.
  return Promise.all(wanted.map(async (file) => ({ name: file.name, text: await (file.name.endsWith(".sql") ? file : file.slice(0, HEAD)).text() })));
}

/** Bytes of what is sent. */
export const sizeOf = (files: readonly RevisionFile[]) => files.reduce((sum, { name, text }) => sum + name.length + text.length, 0);

/** A problem with one field of a request; `path` is a JSON pointer into its body. */
export interface FieldProblem {
  path: string;
  code: string;
  message: string;
}

interface Parts {
  code: string;
  status: number;
  title: string;
  detail: string;
  nextStep: string;
  fields?: FieldProblem[];
  current?: Record<string, unknown> | undefined;
  requestId?: string;
}

/** What went wrong, why, and what to do next: the error envelope of the API, also used for what breaks on this side. */
export class Problem extends Error {
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly nextStep: string;
  readonly fields: FieldProblem[];
  /** What was to be changed as it stands now, when somebody else changed it first (conflict.stale). */
  readonly current: Record<string, unknown> | undefined;
  readonly requestId: string | undefined;

  constructor(parts: Parts) {
    super(`${parts.code}: ${parts.title}`);
    // The window freezes Object.prototype, so plain assignment to an inherited name would throw.
    Object.defineProperty(this, "name", { value: "Problem" });
    this.code = parts.code;
    this.status = parts.status;
    this.title = parts.title;
    this.detail = parts.detail;
    this.nextStep = parts.nextStep;
    this.fields = parts.fields ?? [];
    this.current = parts.current;
    this.requestId = parts.requestId;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** Reads the envelope out of an answer that wasn't a success; says so when there is none. */
export function fromAnswer(body: unknown, status: number): Problem {
  const envelope = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const code = text(envelope["code"]);
  if (code === undefined) {
    return new Problem({
      code: "ui.answer_unreadable",
      status,
      title: "The answer could not be read",
      detail: `The platform answered with status ${status}, but not in the form this page knows.`,
      nextStep: "Reload the page. If it happens again, copy the report and send it to whoever looks after this installation.",
    });
  }
  return new Problem({
    code,
    status,
    title: text(envelope["title"]) ?? "The request was refused",
    detail: text(envelope["detail"]) ?? "",
    nextStep: text(envelope["next_step"]) ?? "",
    fields: Array.isArray(envelope["fields"]) ? (envelope["fields"] as FieldProblem[]) : [],
    current: record(envelope["current"]),
    requestId: text(envelope["request_id"]),
  });
}

/** Turns anything that was thrown into a problem. */
export function fromThrown(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof TypeError && /fetch|load failed|network/i.test(thrown.message)) {
    return new Problem({
      code: "ui.connection_lost",
      status: 0,
      title: "Drydock does not answer",
      detail: "The connection to the platform on this machine is lost. It may have been stopped or be starting again.",
      nextStep: "Check that Drydock is still running, then try again.",
    });
  }
  return new Problem({
    code: "ui.unexpected",
    status: 0,
    title: "This page stopped working",
    detail: thrown instanceof Error ? thrown.message : String(thrown),
    nextStep: "Try again. If it happens again, copy the report and send it to whoever looks after this installation.",
  });
}

/** What an engagement can be that is not closed. */
export const OPEN: readonly string[] = ["planning", "active", "on_hold"];

/** Whether nothing in it is changed any more, until it is opened again. */
export const isClosed = ({ status }: { status: string }): boolean => !OPEN.includes(status);

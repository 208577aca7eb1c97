/** Gives the browser a file to save. */
export function save(content: Blob, name: string) {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it over when the click returns; some read it a moment later.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

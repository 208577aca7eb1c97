/** Something to be found by its words. */
export interface Findable {
  name: string;
  words?: string | undefined;
}

/** How well one wanted word fits: 3 begins the name, 2 begins a word, 1 is within, 0 is not there. */
function fit(wanted: string, { name, words = "" }: Findable): number {
  const text = name.toLowerCase();
  if (text.startsWith(wanted)) return 3;
  const parts = `${text} ${words.toLowerCase()}`.split(/[\s/(“-]+/);
  if (parts.some((part) => part.startsWith(wanted))) return 2;
  return text.includes(wanted) ? 1 : 0;
}

/** The items that have every word of `text`, best first; in their own order where equal, and all of them for no text. */
export function find<T extends Findable>(items: readonly T[], text: string): T[] {
  const wanted = text.trim().toLowerCase().split(/\s+/).filter((word) => word !== "");
  return items
    .map((item) => ({ item, fits: wanted.map((word) => fit(word, item)) }))
    .filter(({ fits }) => fits.every((fits) => fits > 0))
    .map(({ item, fits }) => ({ item, score: fits.reduce((sum, fits) => sum + fits, 0) }))
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item);
}

/** Long lists: every row has its place, only those in sight have content. */

const ahead = "600px 0px";

export interface LazyList {
  readonly rows: readonly HTMLElement[];
  /** Draws a row now, wherever it is. */
  draw(index: number): HTMLElement;
  destroy(): void;
}

/**
 * Fills `list` with `count` rows. `fill` is called with a row that comes into sight of `scroller`,
 * `drain` with one that has left it; a row keeps its height meanwhile. A row for which `holds`
 * answers true stays as it is.
 */
export function lazyList(
  list: HTMLElement,
  scroller: HTMLElement,
  count: number,
  rows: {
    tag: "li" | "p";
    name: string;
    fill(row: HTMLElement, index: number): void;
    drain?(row: HTMLElement, index: number): void;
    holds?(row: HTMLElement): boolean;
  },
): LazyList {
  const made: HTMLElement[] = [];
  const places = new Map<Element, number>();
  const drawn = new Set<number>();
  const draw = (index: number): HTMLElement => {
    const row = made[index];
    if (!row) throw new RangeError(`There is no row ${index}.`);
    if (!drawn.has(index)) {
      drawn.add(index);
      rows.fill(row, index);
      row.style.removeProperty("height");
    }
    return row;
  };
  const forget = (index: number): void => {
    const row = made[index];
    if (!row || !rows.drain || !drawn.has(index)) return;
    if (rows.holds?.(row) || row.contains(document.activeElement)) return;
    drawn.delete(index);
    row.style.height = `${row.offsetHeight}px`;
    rows.drain(row, index);
  };
  const watcher = new IntersectionObserver(
    (seen) => {
      for (const { target, isIntersecting } of seen) {
        const index = places.get(target);
        if (index === undefined) continue;
        if (isIntersecting) draw(index);
        else forget(index);
      }
    },
    { root: scroller, rootMargin: ahead },
  );
  for (let index = 0; index < count; index += 1) {
    const row = document.createElement(rows.tag);
    row.className = rows.name;
    made.push(row);
    places.set(row, index);
    watcher.observe(row);
  }
  list.replaceChildren(...made);
  return { rows: made, draw, destroy: () => watcher.disconnect() };
}

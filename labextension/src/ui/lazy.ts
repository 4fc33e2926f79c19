/** Long lists: every row has its place, only those in sight have content. */

const ahead = "600px 0px";

export interface LazyList {
  readonly rows: readonly HTMLElement[];
  /** Draws a row now, wherever it is. */
  draw(index: number): HTMLElement;
  destroy(): void;
}

/**
 * Makes `rows` what `list` holds. `fill` is called with a row that comes into sight of `scroller`,
 * `drain` with one that has left it; a row keeps its height meanwhile. A row for which `holds`
 * answers true stays as it is. Rows may be in the list already: with content they are filled, and
 * one that keeps its place goes on with whatever it does (a focus, a video).
 */
export function lazyList(
  list: HTMLElement,
  scroller: HTMLElement,
  rows: readonly HTMLElement[],
  acts: {
    fill(row: HTMLElement, index: number): void;
    drain?(row: HTMLElement, index: number): void;
    holds?(row: HTMLElement): boolean;
  },
): LazyList {
  const places = new Map<Element, number>();
  const drawn = new Set<number>();
  const draw = (index: number): HTMLElement => {
    const row = rows[index];
    if (!row) throw new RangeError(`There is no row ${index}.`);
    if (!drawn.has(index)) {
      drawn.add(index);
      acts.fill(row, index);
      row.style.removeProperty("height");
    }
    return row;
  };
  const forget = (index: number): void => {
    const row = rows[index];
    if (!row || !acts.drain || !drawn.has(index)) return;
    if (acts.holds?.(row) || row.contains(document.activeElement)) return;
    drawn.delete(index);
    row.style.height = `${row.offsetHeight}px`;
    acts.drain(row, index);
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
  rows.forEach((row, index) => {
    places.set(row, index);
    if (row.hasChildNodes()) drawn.add(index);
    watcher.observe(row);
  });
  put(list, rows);
  return { rows, draw, destroy: () => watcher.disconnect() };
}

/** As `replaceChildren`, but what is in its place is not taken out: a video would stop. */
function put(list: HTMLElement, rows: readonly HTMLElement[]): void {
  const wanted = new Set<Element>(rows);
  for (const row of [...list.children]) if (!wanted.has(row)) row.remove();
  let place = list.firstElementChild;
  for (const row of rows) {
    if (row === place) place = place.nextElementSibling;
    else list.insertBefore(row, place);
  }
}

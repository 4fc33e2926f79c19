/**
 * Plain keys that are pressed in a widget are its own: a notebook around it would take Enter for
 * "edit the cell". Those with a modifier (save, undo) go on to the notebook.
 */
export function keepKeys(element: HTMLElement): void {
  for (const name of ["keydown", "keypress", "keyup"] as const) {
    element.addEventListener(name, (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation();
    });
  }
}

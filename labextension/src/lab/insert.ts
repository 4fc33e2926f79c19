/** Cells of code that play what was found, put into the notebook that is looked at. */

import type { INotebookTracker, NotebookPanel } from "@jupyterlab/notebook";
import type { TranslationBundle } from "@jupyterlab/translation";
import { SaidError } from "../explain";
import { type Piece, codeOf, dragged, pieceOf, pieceTypes } from "./pieces";

export class Inserter {
  constructor(
    private readonly notebooks: INotebookTracker | null,
    private readonly trans: TranslationBundle,
    private readonly runs: () => boolean,
    private readonly run: () => Promise<unknown>,
  ) {}

  /** Below the active cell. Throws SaidError where there is no notebook. */
  insert(piece: Piece): void {
    const panel = this.notebooks?.currentWidget;
    if (!panel) {
      throw new SaidError(this.trans.__("Open a notebook first: the cell goes below its active cell."));
    }
    const { content } = panel;
    const empty = content.activeCell?.model.sharedModel.getSource().trim() === "";
    this.put(panel, piece, content.activeCellIndex + (empty ? 0 : 1), empty);
  }

  put(panel: NotebookPanel, piece: Piece, index: number, replaces = false): void {
    const { content } = panel;
    const notebook = content.model?.sharedModel;
    if (!notebook || content.model?.readOnly) {
      throw new SaidError(this.trans.__("This notebook is read-only: no cell was inserted."));
    }
    const cell = { cell_type: "code" as const, source: codeOf(piece), metadata: { trusted: true } };
    notebook.transact(() => {
      if (replaces && content.activeCell?.model.type === "code") notebook.deleteCell(index);
      notebook.insertCell(Math.max(0, index), cell);
    });
    content.activeCellIndex = Math.max(0, index);
    content.deselectAll();
    content.mode = "command";
    panel.activate();
    if (this.runs()) void this.run();
  }
}

/** Notebooks take what is dragged out of the sidebar; a widget within one goes first. */
export function takeDrops(notebooks: INotebookTracker, inserter: Inserter): void {
  const target = (event: DragEvent) => {
    const types = event.dataTransfer?.types ?? [];
    if (!pieceTypes.some((type) => types.includes(type))) return undefined;
    const place = event.target as Element | null;
    // A timeline is none of the clips that an editor takes.
    const isClip = types.includes(pieceTypes[0]);
    if (!place?.closest || (isClip && place.closest(".jc-timeline"))) return undefined;
    return notebooks.find((panel) => panel.content.node.contains(place));
  };
  const cellAt = (panel: NotebookPanel, event: DragEvent) =>
    panel.content.widgets.findIndex((cell) => cell.node.contains(event.target as Node));
  let marked: Element | undefined;
  const mark = (element: Element | undefined) => {
    if (element === marked) return;
    marked?.classList.remove("jc-drop-above");
    element?.classList.add("jc-drop-above");
    marked = element;
  };
  document.addEventListener(
    "dragover",
    (event) => {
      const panel = target(event);
      mark(panel?.content.widgets[cellAt(panel, event)]?.node);
      if (!panel || !event.dataTransfer) return;
      event.preventDefault();
      event.stopPropagation();
      event.dataTransfer.dropEffect = "copy";
    },
    true,
  );
  document.addEventListener("dragend", () => mark(undefined), true);
  document.addEventListener(
    "drop",
    (event) => {
      const panel = target(event);
      mark(undefined);
      const piece = panel && pieceOf(dragged(event.dataTransfer));
      if (!panel || !piece) return;
      event.preventDefault();
      event.stopPropagation();
      const at = cellAt(panel, event);
      inserter.put(panel, piece, at < 0 ? panel.content.widgets.length : at);
    },
    true,
  );
}

"""Runs the quickstart notebook and writes it as HTML."""

from __future__ import annotations

from pathlib import Path

from jupyter_capture.errors import JobError, NotFoundError

CELL_SECONDS = 300


def quickstart() -> Path:
    """The notebook's file, in a checkout or in an installed package."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package.parent / "notebooks", package / "notebooks"):
        if (folder / "quickstart.ipynb").is_file():
            return folder / "quickstart.ipynb"
    raise NotFoundError("notebooks/quickstart.ipynb is not here. Run the demo from a checkout.")


def execute(notebook: Path, folder: Path) -> Path:
    """Run all cells in ``folder`` and write ``<name>.html`` there. Returns its path.

    The kernel has this process's environment, so its display, sound and library. Raises JobError
    naming the cell's error; the HTML up to there is written all the same.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbconvert import HTMLExporter

    book = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        book,
        timeout=CELL_SECONDS,
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    failure = ""
    try:
        client.execute()
    except CellExecutionError as error:
        failure = f"{error.ename}: {error.evalue.rstrip('.')}"
    except (CellTimeoutError, DeadKernelError) as error:
        failure = str(error).strip().partition("\n")[0]
    exporter = HTMLExporter()  # type: ignore[no-untyped-call]
    html, _ = exporter.from_notebook_node(book)
    page = folder / f"{notebook.stem}.html"
    page.write_text(html)
    if failure:
        raise JobError(f"A cell of {notebook.name} failed: {failure}. See {page}.")
    return page

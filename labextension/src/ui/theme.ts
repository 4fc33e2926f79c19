/** Light or dark: JupyterLab's theme says it, the system's scheme elsewhere. */

const scheme = "(prefers-color-scheme: dark)";

function isDark(): boolean {
  const lab = document.body.dataset["jpThemeLight"];
  if (lab !== undefined) return lab === "false";
  if (document.body.classList.contains("vscode-dark")) return true;
  return matchMedia(scheme).matches;
}

/** Keeps `data-theme` of an element; the result ends it. */
export function followTheme(element: HTMLElement): () => void {
  const paint = () => {
    element.dataset["theme"] = isDark() ? "dark" : "light";
  };
  paint();
  const observer = new MutationObserver(paint);
  observer.observe(document.body, { attributes: true });
  const media = matchMedia(scheme);
  media.addEventListener("change", paint);
  return () => {
    observer.disconnect();
    media.removeEventListener("change", paint);
  };
}

import { LabIcon } from "@jupyterlab/ui-components";

/** A screen with a dot that records. `jp-icon` classes take the theme's colours. */
export const captureIcon = new LabIcon({
  name: "jupyter-capture:icon",
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <path class="jp-icon3 jp-icon-selectable" fill="#616161" fill-rule="evenodd"
    d="M3 4h18v13.500h-7.500V19H17v2H7v-2h3.500v-1.500H3zm2 2v9.500h14V6z"/>
  <circle class="jp-icon-accent" cx="12" cy="10.750" r="3" fill="#c0262d"/>
</svg>`,
});

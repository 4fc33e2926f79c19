/** The Python that builds a timeline: the kernel writes it after each change. */

import type { PanelApi } from "../../api";

export interface CodeTraits {
  code: string;
  /** The last change that a page made, told after the timeline. */
  edit: string;
  /** The last change that `code` knows of, told after `code`. */
  coded: string;
}

const patience = 2_500;

/** The code, once the kernel knows of the last change. `isLate`: it did not in time, as it is busy. */
export async function lastCode(
  api: Pick<PanelApi<CodeTraits>, "get" | "on">,
): Promise<{ code: string; isLate: boolean }> {
  const isLate = () => api.get("coded") !== api.get("edit");
  if (isLate()) {
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        stop();
        resolve();
      };
      const timer = setTimeout(end, patience);
      const stop = api.on("coded", () => {
        if (!isLate()) end();
      });
    });
  }
  return { code: api.get("code"), isLate: isLate() };
}

/** How every panel becomes a widget. */

import type { RenderProps } from "@anywidget/types";
import { type PanelApi, widgetPanel } from "./api";
import { keepKeys } from "./keep-keys";

type Mount<S extends object> = (element: HTMLElement, api: PanelApi<S>) => { destroy(): void };

export function panelWidget<S extends object>(mount: Mount<S>) {
  return {
    render({ model, el }: RenderProps<S>): () => void {
      // What stands in for a widget that is not there hides while one is (widgets/_still.py).
      el.classList.add("jc-live");
      keepKeys(el);
      const api = widgetPanel<S>(model);
      const panel = mount(el, api);
      return () => {
        panel.destroy();
        api.close();
      };
    },
  };
}

/** The anywidget entry of `jupyter_capture.widgets.ShotPlayer`. */

import type { RenderProps } from "@anywidget/types";
import { type PlayerTraits, widgetApi } from "../api";
import { keepKeys } from "../keep-keys";
import { mount } from "../ui/player";
import "../ui/player.css";

function render({ model, el }: RenderProps<PlayerTraits>): () => void {
  // What stands in for a widget that is not there hides while one is (widgets/_still.py).
  el.classList.add("jc-live");
  keepKeys(el);
  const api = widgetApi(model);
  const player = mount(el, api);
  const update = () => player.update();
  const names = ["title", "poster", "start", "chapters"] as const;
  for (const name of names) model.on(`change:${name}`, update);
  return () => {
    for (const name of names) model.off(`change:${name}`, update);
    player.destroy();
    api.close();
  };
}

export default { render };

/** The anywidget entry of `jupyter_capture.widgets.ShotPlayer`. */

import type { RenderProps } from "@anywidget/types";
import { type PlayerTraits, widgetApi } from "./api";
import { mount } from "./ui/player";

function render({ model, el }: RenderProps<PlayerTraits>): () => void {
  const player = mount(el, widgetApi(model));
  const update = () => player.update();
  const names = ["title", "poster", "start"] as const;
  for (const name of names) model.on(`change:${name}`, update);
  return () => {
    for (const name of names) model.off(`change:${name}`, update);
    player.destroy();
  };
}

export default { render };

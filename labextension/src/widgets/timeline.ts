/** The anywidget entry of `jupyter_capture.widgets.TimelineEditor`. */

import { panelWidget } from "../panel-widget";
import { mount } from "../ui/timeline/editor";
import "../ui/panel.css";
import "../ui/player.css";
import "../ui/timeline/timeline.css";

export default panelWidget(mount);

/** The anywidget entry of `jupyter_capture.widgets.SearchPanel`. */

import { panelWidget } from "../panel-widget";
import { mount } from "../ui/search";
import "../ui/panel.css";
import "../ui/player.css";
import "../ui/search/search.css";

export default panelWidget(mount);

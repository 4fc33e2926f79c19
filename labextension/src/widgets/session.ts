/** The anywidget entry of `jupyter_capture.widgets.SessionPanel`. */

import { mount } from "../ui/session";
import { panelWidget } from "../panel-widget";
import "../ui/panel.css";
import "../ui/player.css";
import "../ui/session/session.css";

export default panelWidget(mount);

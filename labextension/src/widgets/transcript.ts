/** The anywidget entry of `jupyter_capture.widgets.TranscriptView`. */

import { panelWidget } from "../panel-widget";
import { mount } from "../ui/transcript";
import "../ui/panel.css";
import "../ui/player.css";
import "../ui/transcript/transcript.css";

export default panelWidget(mount);

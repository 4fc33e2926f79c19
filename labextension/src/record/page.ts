/** The entry of the engine's /record page. */

import { mount } from "../ui/session";
import { addressOf, pageApi } from "./page-api";
import "../ui/panel.css";
import "../ui/player.css";
import "../ui/session/session.css";
import "./page.css";

const host = document.getElementById("record");
if (host) {
  const address = addressOf(host.dataset["root"] ?? "", location.hash);
  // Another link in the same tab is another session.
  addEventListener("hashchange", () => location.reload());
  mount(host, pageApi(address));
}

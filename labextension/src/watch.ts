/** The entry of the engine's /watch and /embed pages. */

import { pageApi } from "./api";
import { mount } from "./ui/player";

const host = document.getElementById("player");
if (host) {
  // The page is as wide as lets a picture of this shape fit the window's height.
  host.addEventListener(
    "loadedmetadata",
    ({ target }) => {
      const { videoWidth, videoHeight } = target as HTMLVideoElement;
      if (videoWidth && videoHeight) {
        document.body.style.setProperty("--jc-ratio", String(videoWidth / videoHeight));
      }
    },
    true,
  );
  const api = pageApi(host, new URL(location.href));
  // Someone who opens this page wants this video: its first picture is the poster.
  mount(host, api, { keys: document, preload: !api.card().poster });
}

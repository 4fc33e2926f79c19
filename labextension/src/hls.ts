// A bundle of its own: 600 kB that only a click on "play" loads, once per page.
export { default } from "hls.js";

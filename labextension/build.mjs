// Builds jupyter_capture/static/ from src/. Run by `labextension/build.py`, which finds a Node.
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const hlsPackage = join(here, "node_modules", "hls.js", "package.json");
const hlsVersion = JSON.parse(readFileSync(hlsPackage, "utf8")).version;
const out = join(here, "..", "jupyter_capture", "static");

const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  format: "esm",
  legalComments: "none",
  logLevel: "warning",
  minify: true,
  outdir: out,
  target: ["es2022"],
};

await rm(out, { recursive: true, force: true });
await Promise.all([
  build({ ...common, entryPoints: { player: "src/widget.ts", watch: "src/watch.ts" } }),
  build({ ...common, entryPoints: { player: "src/ui/player.css", watch: "src/ui/watch.css" } }),
  build({
    ...common,
    entryPoints: { hls: "src/hls.ts" },
    banner: { js: `/*! hls.js ${hlsVersion}, Apache-2.0, https://github.com/video-dev/hls.js */` },
  }),
]);

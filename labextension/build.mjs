// Builds jupyter_capture/static/ from src/. Run by `labextension/build.py`, which finds a Node.
import { readFileSync, readdirSync } from "node:fs";
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

// Each entry of src/widgets is a bundle of its name; the style sheets that it imports lie beside it.
const widgets = readdirSync(join(here, "src", "widgets"))
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
  .map((file) => [file.slice(0, -3), `src/widgets/${file}`]);

await rm(out, { recursive: true, force: true });
await Promise.all([
  build({ ...common, entryPoints: { ...Object.fromEntries(widgets), watch: "src/watch.ts", record: "src/record/page.ts" } }),
  build({ ...common, entryPoints: { watch: "src/ui/watch.css" } }),
  build({
    ...common,
    entryPoints: { hls: "src/hls.ts" },
    banner: { js: `/*! hls.js ${hlsVersion}, Apache-2.0, https://github.com/video-dev/hls.js */` },
  }),
]);

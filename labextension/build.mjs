// Builds jupyter_capture/static/ (the widgets, the engine's pages) and labextension/dist/ (the
// sidebar) from src/. Run by `labextension/build.py`, which finds a Node.
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const hlsPackage = join(here, "node_modules", "hls.js", "package.json");
const hlsVersion = JSON.parse(readFileSync(hlsPackage, "utf8")).version;
const out = join(here, "..", "jupyter_capture", "static");
const sidebar = join(here, "dist");

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

// Of the sidebar, esbuild makes one module of ours; JupyterLab's builder adds how it is loaded, and
// which packages it shares with JupyterLab.
async function buildSidebar() {
  const lib = join(here, "lib");
  await rm(lib, { recursive: true, force: true });
  const external = ["@jupyterlab/*", "@lumino/*", "hls.js"];
  await Promise.all([
    build({ ...common, outdir: lib, external, minify: false, entryPoints: { index: "src/index.ts" } }),
    build({ ...common, outdir: lib, entryPoints: { style: "src/lab/style.css" } }),
  ]);
  await rm(sidebar, { recursive: true, force: true });
  const builder = join(here, "node_modules", "@jupyter", "builder", "lib", "build-labextension.js");
  const core = join(here, "node_modules", "@jupyterlab", "core-meta", "core.package.json");
  await run(process.execPath, builder, "--core-package-file", core, here);
  await rm(join(here, "tsconfig.tsbuildinfo"), { force: true });
}

function run(command, ...options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { cwd: here, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (chunk) => (said += chunk));
    child.on("error", reject);
    child.on("exit", (code) => (code ? reject(new Error(`JupyterLab's builder: ${said}`)) : resolve()));
  });
}

await rm(out, { recursive: true, force: true });
await Promise.all([
  buildSidebar(),
  build({ ...common, entryPoints: { ...Object.fromEntries(widgets), watch: "src/watch.ts", record: "src/record/page.ts" } }),
  build({ ...common, entryPoints: { watch: "src/ui/watch.css" } }),
  build({
    ...common,
    entryPoints: { hls: "src/hls.ts" },
    banner: { js: `/*! hls.js ${hlsVersion}, Apache-2.0, https://github.com/video-dev/hls.js */` },
  }),
]);

/** Where the Jupyter server that a page is from has the engine. */

/**
 * The address of what the server's extension answers to, without a slash at the end; undefined on a
 * page of no Jupyter server (a code editor's frame, the engine's own pages).
 */
export function extensionRoot(): string | undefined {
  const config = document.getElementById("jupyter-config-data")?.textContent;
  if (!config) return undefined;
  try {
    const { baseUrl } = JSON.parse(config) as { baseUrl?: string };
    const base = new URL(baseUrl ?? "/", document.baseURI).href.replace(/\/$/, "");
    return `${base}/jupyter-capture`;
  } catch {
    return undefined;
  }
}

/** Below this the extension passes the engine's own paths on. */
export function engineRoot(): string | undefined {
  const root = extensionRoot();
  return root === undefined ? undefined : `${root}/engine`;
}

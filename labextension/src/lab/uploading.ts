/** Files that are put into the library from the page: sent, then made an asset of, with progress. */

import { Notification } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { ApiError } from "../api/panel";
import { through } from "../api/events";
import { Values, serverPanel } from "../api/server";
import type { Server } from "../api/server";
import { wordsOf } from "../ui/notes";
import type { Asset } from "../wire";

const told = 6_000;
/** Of the bar: what remains is for reading the file. */
const sending = 0.5;

/** What a request of this page needs, to be let in by the Jupyter server. */
export type Pass = () => Record<string, string>;

/** `token`: of the Jupyter server, where it is known; else its cookie against foreign pages. */
export function passOf(token: string, cookies: string): Record<string, string> {
  if (token) return { Authorization: `token ${token}` };
  const values = cookies.split(/;\s*/).filter((each) => each.startsWith("_xsrf="));
  const last = values.at(-1)?.slice("_xsrf=".length);
  return last ? { "X-XSRFToken": last } : {};
}

/** "Talk.final.mp4" is called "Talk.final", as by Python's `upload`. */
export function stemOf(file: string): string {
  return file.replace(/(?<=.)\.[^.]*$/, "");
}

export class Uploading {
  constructor(
    private readonly server: Server,
    private readonly pass: Pass,
    private readonly trans: TranslationBundle,
  ) {}

  /** One after another; each is told of by itself. Resolves when all have ended. */
  async upload(files: readonly File[]): Promise<void> {
    for (const file of files) await this.one(file);
  }

  private async one(file: File): Promise<void> {
    const { trans } = this;
    const abort = new AbortController();
    const id = Notification.emit(trans.__("Sending “%1”…", file.name), "in-progress", {
      ...{ autoClose: false, progress: 0 },
      actions: [{ label: trans.__("Cancel"), callback: () => abort.abort() }],
    });
    const tell = (message: string, progress: number) =>
      Notification.update({ id, message, progress });
    const end = (message: string, type: "success" | "error" | "info") =>
      Notification.update({
        ...{ id, message, type, progress: 1, actions: [] },
        autoClose: type === "error" ? false : told,
      });
    try {
      const made = await this.take(file, abort.signal, tell);
      end(trans.__("“%1” is in the library.", made.name), "success");
    } catch (error) {
      const cancelled = error instanceof ApiError && error.code === "CANCELLED";
      if (cancelled || abort.signal.aborted) end(trans.__("It was cancelled."), "info");
      else end(trans.__("“%1” could not be taken in. %2", file.name, wordsOf(error)), "error");
    }
  }

  private async take(
    file: File,
    signal: AbortSignal,
    tell: (message: string, progress: number) => void,
  ): Promise<Asset> {
    const { server, trans } = this;
    const asks = serverPanel(server, new Values({}));
    const name = stemOf(file.name);
    const path = `/collection/default/upload_url?name=${encodeURIComponent(name)}`;
    const { upload_url: url } = await asks.request<{ upload_url: string }>("GET", path);
    const address = through(server.root, url);
    await send(address, file, this.pass(), signal, (share) =>
      tell(trans.__("Sending “%1”…", file.name), share * sending),
    );
    signal.throwIfAborted();
    const fields = { url, name, filename: file.name };
    return asks.request<Asset>("POST", "/collection/default/upload", fields, ({ percentage, job }) => {
      if (signal.aborted) void server.send("DELETE", job).catch(() => undefined);
      const share = sending + (percentage / 100) * (1 - sending);
      tell(trans.__("Reading “%1”…", file.name), share);
    });
  }
}

/** `fetch` tells nothing of what was sent. */
function send(
  address: string,
  file: File,
  headers: Record<string, string>,
  signal: AbortSignal,
  progress: (share: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", address);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = () => {
      if (request.status === 200) resolve();
      else reject(refusalOf(request.status, request.responseText));
    };
    request.onerror = () => reject(new ApiError("Jupyter's server did not take all of it.", 0, ""));
    request.onabort = () => reject(new ApiError("", 0, "CANCELLED"));
    signal.addEventListener("abort", () => request.abort());
    request.send(form);
  });
}

function refusalOf(status: number, body: string): ApiError {
  try {
    const { message, error_code } = JSON.parse(body) as { message: string; error_code?: string };
    return new ApiError(message, status, error_code ?? "");
  } catch {
    return new ApiError(`Jupyter's server answered ${status}. Its log says more.`, status, "");
  }
}

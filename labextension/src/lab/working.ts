/** Long work that the sidebar has begun: a notification says how far it is, ends it, and what came of it. */

import { Notification } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import { ApiError, type Method, type PanelApi, type Progress } from "../api/panel";
import { SaidError } from "../explain";

/** What is done in less is not worth a word. */
const patience = 900;
const told = 6_000;

/** What is told of a kind of work: while it goes on, and at its end. `%1` is its thing's name. */
export interface Words {
  doing: string;
  done: string;
  failed: string;
}

/** Undefined for what is a matter of a moment, or is told of elsewhere. */
export function wordsFor(
  method: Method,
  path: string,
  trans: Pick<TranslationBundle, "__">,
): Words | undefined {
  const [where = ""] = path.split("?");
  // Filled in later.
  const name = "%1";
  if (method === "DELETE" && !where.startsWith("/async-response")) {
    return {
      doing: trans.__("Deleting…"),
      done: trans.__("It is deleted."),
      failed: trans.__("It could not be deleted."),
    };
  }
  if (method !== "POST") return undefined;
  if (where.endsWith("/index/scene")) {
    return {
      doing: trans.__("Reading the screen of %1…", name),
      done: trans.__("The screen of %1 can be searched.", name),
      failed: trans.__("The screen of %1 could not be read.", name),
    };
  }
  if (where.endsWith("/index")) {
    return {
      doing: trans.__("Listening to %1…", name),
      done: trans.__("What is said in %1 can be searched.", name),
      failed: trans.__("What is said in %1 could not be made searchable.", name),
    };
  }
  if (where.endsWith("/download")) {
    return {
      doing: trans.__("Preparing the file…"),
      done: trans.__("The file is made: your browser saves it."),
      failed: trans.__("The file could not be made."),
    };
  }
  return undefined;
}

/** Names a thing in the words for it. */
export function filled(words: string, name: string): string {
  return words.replace("%1", () => name);
}

interface Asked {
  method: Method;
  path: string;
}

export class Working {
  constructor(private readonly trans: TranslationBundle) {}

  /** The same panel, whose long work is told of. */
  follow<S extends object>(api: PanelApi<S>): PanelApi<S> {
    const request: PanelApi["request"] = <T>(
      method: Method,
      path: string,
      body?: unknown,
      progress?: (progress: Progress) => void,
    ): Promise<T> => {
      const words = wordsFor(method, path, this.trans);
      if (!words) return api.request<T>(method, path, body, progress);
      const work = new Work(words, { method, path }, api as unknown as PanelApi, this.trans);
      const both = (now: Progress) => {
        work.at(now);
        progress?.(now);
      };
      const answer = api.request<T>(method, path, body, both);
      answer.then(
        () => work.done(),
        (error: unknown) => work.failed(error),
      );
      return answer;
    };
    return { ...api, request };
  }
}

/** One piece of it. Nothing is shown of what takes but a moment. */
class Work {
  private note = "";
  private name = "";
  private job = "";
  private share = 0;
  private isOver = false;
  private readonly timer: ReturnType<typeof setTimeout>;

  constructor(
    private readonly words: Words,
    private readonly asked: Asked,
    private readonly api: PanelApi,
    private readonly trans: TranslationBundle,
  ) {
    this.timer = setTimeout(() => void this.show(), patience);
  }

  at({ percentage, job }: Progress): void {
    this.share = Math.min(1, percentage / 100);
    this.job = job;
    this.update();
  }

  done(): void {
    this.end(this.words.done, "success");
  }

  failed(error: unknown): void {
    if (error instanceof ApiError && error.code === "CANCELLED") {
      this.end(this.trans.__("It was cancelled."), "info");
      return;
    }
    const said = error instanceof SaidError ? error.message : "";
    this.end(`${this.words.failed} ${said}`, "error");
  }

  private async show(): Promise<void> {
    this.name = await this.nameOf();
    if (this.isOver) return;
    this.note = Notification.emit(this.message, "in-progress", { autoClose: false });
    this.update();
  }

  private get message(): string {
    return filled(this.words.doing, this.name);
  }

  private update(): void {
    if (!this.note || this.isOver) return;
    const cancel = {
      label: this.trans.__("Cancel"),
      caption: this.trans.__("What is done already is lost."),
      callback: (event: Event) => {
        event.preventDefault();
        void this.api.request("DELETE", this.job).catch(() => undefined);
      },
    };
    Notification.update({
      ...{ id: this.note, message: this.message, progress: this.share },
      actions: this.job ? [cancel] : [],
    });
  }

  private end(words: string, type: "success" | "info" | "error"): void {
    clearTimeout(this.timer);
    this.isOver = true;
    const autoClose = type === "error" ? false : told;
    if (this.note) {
      const message = filled(words, this.name);
      Notification.update({ id: this.note, message, type, autoClose, progress: 1, actions: [] });
    }
  }

  /** What an asset is called. */
  private async nameOf(): Promise<string> {
    const unknown = this.trans.__("the recording");
    const asset = /^\/(video|audio)\/[\w-]+/.exec(this.asked.path)?.[0];
    if (!asset || this.asked.method !== "POST") return unknown;
    try {
      return `“${(await this.api.request<{ name: string }>("GET", asset)).name}”`;
    } catch {
      return unknown;
    }
  }
}

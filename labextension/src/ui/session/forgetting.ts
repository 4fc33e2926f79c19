/** Erasing the last minutes: asked twice, done once. */

import type { PanelApi } from "../../api";
import { ApiError } from "../../api/panel";
import type { View } from "./view";

type Elements = Pick<View, "forget" | "minutes" | "sure" | "keep">;

export class Forgetting {
  /** Whether the engine can, as far as is known. */
  offered = true;

  constructor(
    private readonly api: Pick<PanelApi, "request">,
    private readonly ui: Elements,
  ) {
    ui.forget.addEventListener("click", () => this.ask(true));
    ui.keep.addEventListener("click", () => this.ask(false));
  }

  /** Erases as many minutes as are chosen. False where the engine offers no such thing. */
  async forget(session: string): Promise<boolean> {
    this.ask(false);
    const seconds = Number(this.ui.minutes.value) * 60;
    try {
      await this.api.request("POST", `/capture/session/${session}/forget`, { seconds });
    } catch (error) {
      const unknown = error instanceof ApiError && [404, 405, 501].includes(error.status);
      if (!unknown) throw error;
      this.offered = false;
    }
    return this.offered;
  }

  private ask(is: boolean): void {
    const { ui } = this;
    ui.sure.hidden = ui.keep.hidden = !is;
    ui.forget.hidden = is;
    ui.minutes.disabled = is;
    (is ? ui.sure : ui.forget).focus();
  }
}

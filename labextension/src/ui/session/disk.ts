/** How much room is left to record into. */

import type { PanelApi } from "../../api";
import type { EngineStatus } from "../../wire";
import { bytesText } from "./model";

const every = 10_000;

export class Disk {
  private asked = -Infinity;

  constructor(
    private readonly api: Pick<PanelApi, "request">,
    private readonly element: HTMLElement,
  ) {}

  /** Asks again, unless that was done just now. An engine that is away has no answer. */
  async look(): Promise<void> {
    if (Date.now() - this.asked < every) return;
    this.asked = Date.now();
    try {
      this.show(await this.api.request<EngineStatus>("GET", "/engine"));
    } catch {
      return;
    }
  }

  show({ disk_free }: EngineStatus): void {
    this.asked = Date.now();
    const known = typeof disk_free === "number";
    this.element.textContent = known ? `${bytesText(disk_free)} left on the disk` : "";
  }
}

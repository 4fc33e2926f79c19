/** What is deleted stays for a moment, so that it can be had back. */

import type { Asset } from "../../wire";

const grace = 8_000;

export class Deleting {
  private readonly waiting = new Map<string, { asset: Asset; timer: ReturnType<typeof setTimeout> }>();

  constructor(private readonly erase: (asset: Asset) => Promise<void>) {}

  has(id: string): boolean {
    return this.waiting.has(id);
  }

  get last(): Asset | undefined {
    return [...this.waiting.values()].at(-1)?.asset;
  }

  add(asset: Asset): void {
    const timer = setTimeout(() => void this.carryOut(asset.id), grace);
    this.waiting.set(asset.id, { asset, timer });
  }

  undo(id: string): void {
    clearTimeout(this.waiting.get(id)?.timer);
    this.waiting.delete(id);
  }

  /** Nobody can take it back any more: the panel goes. */
  flush(): void {
    for (const id of [...this.waiting.keys()]) void this.carryOut(id);
  }

  private async carryOut(id: string): Promise<void> {
    const found = this.waiting.get(id);
    if (!found) return;
    clearTimeout(found.timer);
    try {
      await this.erase(found.asset);
    } finally {
      this.waiting.delete(id);
    }
  }
}

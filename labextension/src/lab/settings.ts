/** What the settings editor says, or its defaults where there is no registry. */

import type { ISettingRegistry } from "@jupyterlab/settingregistry";

export interface Chosen {
  name: string;
  searchMode: string;
  insert: string;
  statusBar: boolean;
}

const usual: Chosen = {
  name: "Recording {date} {time}",
  searchMode: "hybrid",
  insert: "insert",
  statusBar: true,
};

/** `now` follows what is changed. */
export class Settings {
  now = usual;
  /** When they have been read. */
  readonly ready: Promise<void>;

  constructor(registry: ISettingRegistry | null, plugin: string) {
    this.ready = this.read(registry, plugin);
  }

  private async read(registry: ISettingRegistry | null, plugin: string): Promise<void> {
    try {
      const settings = await registry?.load(plugin);
      if (!settings) return;
      const take = () => {
        this.now = { ...usual, ...(settings.composite as Partial<Chosen>) };
      };
      settings.changed.connect(take);
      take();
    } catch (error) {
      console.error("jupyter-capture: its settings could not be read.", error);
    }
  }
}

/** What can be done from the palette, by shortcut and from the launcher. */

import { Notification } from "@jupyterlab/apputils";
import type { TranslationBundle } from "@jupyterlab/translation";
import type { CommandRegistry } from "@lumino/commands";
import { captureIcon } from "./icons";
import type { Recordings } from "./recordings";
import type { Sidebar, ViewName } from "./sidebar";

export interface Parts {
  recordings: Recordings;
  trans: TranslationBundle;
  show(view: ViewName): void;
  stop(id: string): Promise<void>;
  widget: Sidebar;
  /** The editor of a timeline that is kept; of a new one without an id. */
  open(timeline: string): unknown;
}

const properties = {
  ...{ session_id: { type: "string" }, isPalette: { type: "boolean" } },
  timeline: { type: "string" },
} as const;

/** The commands that the palette is to list. */
export function addCommands(commands: CommandRegistry, parts: Parts): string[] {
  const { recordings, trans, show, stop, widget, open } = parts;
  const press = async (view: ViewName, selector: string) => {
    show(view);
    try {
      (await widget.element<HTMLElement>(selector)).click();
    } catch {
      // The view says why it has no such button.
    }
  };
  const all: Record<string, CommandRegistry.ICommandOptions> = {
    open: {
      label: (args) => (args["isPalette"] ? trans.__("Show Capture") : trans.__("Record")),
      caption: trans.__("Record the screen, the microphone and the sound"),
      icon: captureIcon,
      execute: () => show("record"),
    },
    record: {
      label: trans.__("Record"),
      icon: captureIcon,
      execute: () => press("record", ".jc-record:not([hidden]), .jc-another:not([hidden])"),
    },
    stop: {
      label: trans.__("Stop Recording"),
      isEnabled: () => recordings.all.length > 0,
      execute: async (args) => {
        const id = typeof args["session_id"] === "string" ? args["session_id"] : "";
        const chosen = recordings.all.filter((each) => !id || each.id === id);
        if (!chosen.length) Notification.info(trans.__("Nothing records."));
        await Promise.all(chosen.map((each) => stop(each.id)));
      },
    },
    library: { label: trans.__("Show the Library of Recordings"), execute: () => show("library") },
    timelines: { label: trans.__("Show the Timelines"), execute: () => show("timelines") },
    timeline: {
      label: (args) => (args["timeline"] ? trans.__("Open the Timeline") : trans.__("New Timeline")),
      icon: captureIcon,
      execute: (args) => {
        const id = typeof args["timeline"] === "string" ? args["timeline"] : "";
        return open(id);
      },
    },
    search: {
      label: trans.__("Search Recordings"),
      execute: async () => {
        show("search");
        (await widget.element<HTMLInputElement>(".jc-query")).focus();
      },
    },
  };
  const names = Object.entries(all).map(([name, options]) => {
    const command = `jupyter-capture:${name}`;
    commands.addCommand(command, {
      describedBy: { args: { type: "object", properties } },
      ...options,
    });
    return command;
  });
  recordings.changed.connect(() => commands.notifyCommandChanged("jupyter-capture:stop"));
  return names;
}

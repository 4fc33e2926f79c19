/** The plugins of JupyterLab's side: sidebar, status bar, running sessions, commands, drops. */

import {
  ILabShell,
  ILabStatus,
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { ICommandPalette, Notification } from "@jupyterlab/apputils";
import { ILauncher } from "@jupyterlab/launcher";
import { INotebookTracker } from "@jupyterlab/notebook";
import { IRunningSessionManagers } from "@jupyterlab/running";
import { ServerConnection } from "@jupyterlab/services";
import { ISettingRegistry } from "@jupyterlab/settingregistry";
import { IStateDB } from "@jupyterlab/statedb";
import { IStatusBar } from "@jupyterlab/statusbar";
import { ITranslator, nullTranslator } from "@jupyterlab/translation";
import { Server } from "./api/server";
import { SaidError } from "./explain";
import { addCommands } from "./lab/commands";
import { Editing } from "./lab/editing";
import { Inserter, takeDrops } from "./lab/insert";
import { Recordings } from "./lab/recordings";
import { addRunning } from "./lab/running";
import { Settings } from "./lab/settings";
import { Sidebar } from "./lab/sidebar";
import { RecordingStatus } from "./lab/status";
import { stopRecording } from "./lab/stopping";
import { type Kept, fresh, viewsOf } from "./lab/views";
import { nameAt } from "./lab/naming";
import { Uploading, passOf } from "./lab/uploading";
import { Working } from "./lab/working";
import { speak } from "./words";

const id = "jupyter-capture:sidebar";
const narrowest = 260;

function serverOf(app: JupyterFrontEnd): Server {
  const settings = app.serviceManager.serverSettings;
  return new Server(settings.baseUrl, (address, init) =>
    ServerConnection.makeRequest(address, init, settings),
  );
}

const sidebar: JupyterFrontEndPlugin<void> = {
  id,
  description: "Record the screen and sound, find what was said, put it into the notebook.",
  autoStart: true,
  // Notebook 7 has no ILabShell, and not all of the others.
  optional: [
    ...[ILabShell, INotebookTracker, ISettingRegistry, IStateDB, ITranslator, ICommandPalette],
    ...[ILauncher, IStatusBar, IRunningSessionManagers, ILayoutRestorer, ILabStatus],
  ],
  activate: (
    app: JupyterFrontEnd,
    labShell: ILabShell | null,
    notebooks: INotebookTracker | null,
    registry: ISettingRegistry | null,
    state: IStateDB | null,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    statusBar: IStatusBar | null,
    running: IRunningSessionManagers | null,
    restorer: ILayoutRestorer | null,
    labStatus: ILabStatus | null,
  ) => {
    const trans = (translator ?? nullTranslator).load("jupyter_capture");
    speak(trans);
    const server = serverOf(app);
    const working = new Working(trans);
    const { token } = app.serviceManager.serverSettings;
    const uploading = new Uploading(server, () => passOf(token, document.cookie), trans);
    const editing = new Editing(app.shell, server, working, trans, () => labStatus?.setDirty());
    const settings = new Settings(registry, id);
    const kept: Kept = { ...fresh };
    // JupyterLab reads its state when all plugins are active: none may wait for it.
    const ready = Promise.all([state?.fetch(id).catch(() => undefined), settings.ready]).then(
      ([found]) => Object.assign(kept, found, { ...changed }).view,
    );
    const changed: Partial<Kept> = {};
    const recordings = new Recordings(server);
    const inserter = new Inserter(
      notebooks,
      trans,
      () => settings.now.insert === "insert and run",
      () => app.commands.execute("notebook:run-cell"),
    );
    const keep = (change: Partial<Kept>) => {
      Object.assign(changed, change);
      Object.assign(kept, change);
      void ready.then(() => state?.save(id, { ...kept } as never));
    };
    const around = {
      name: () => nameAt(settings.now.name, new Date()),
      mode: () => settings.now.searchMode,
      insert: inserter.insert.bind(inserter),
      // Notebook 7 has one document a page: there the editor is a cell of it.
      open: (timeline: string) => {
        if (labShell) editing.open(timeline);
        else inserter.insert({ timeline_id: timeline });
      },
      upload: uploading.upload.bind(uploading),
      keep,
    };
    const widget = new Sidebar(server, viewsOf(server, kept, around, working, trans), trans, ready);
    widget.turned.connect((_, view) => keep({ view }));
    // JupyterLab gives it the room it asks for, before its style sheet is there; Notebook 7 would cut.
    if (labShell) widget.node.style.minWidth = `${narrowest}px`;
    app.shell.add(widget, "left", { rank: 650, type: "Capture" });
    restorer?.add(widget, id);

    const show = (view: Kept["view"]) => {
      widget.turn(view);
      if (labShell) labShell.activateById(widget.id);
      else app.shell.activateById(widget.id);
    };
    const insert = (piece: Parameters<Inserter["insert"]>[0]) => {
      try {
        inserter.insert(piece);
      } catch (error) {
        Notification.warning(error instanceof SaidError ? error.message : String(error));
      }
    };
    const stop = (session: string) =>
      stopRecording(session, server, recordings, trans, { show: () => show("library"), insert });
    const open = (timeline: string) =>
      labShell ? editing.open(timeline) : insert({ timeline_id: timeline });
    const commands = addCommands(app.commands, { recordings, trans, show, stop, widget, open });
    void restorer?.restore(editing.tracker, {
      command: "jupyter-capture:timeline",
      args: ({ content }) => ({ timeline: content.timeline }),
      // What is not kept has no name that lasts: it would come back once more at each reload.
      name: ({ content }) => content.timeline,
      when: ready,
    });
    const category = trans.__("Capture");
    for (const command of commands) palette?.addItem({ command, category, args: { isPalette: true } });
    launcher?.add({ command: "jupyter-capture:open", category: trans.__("Other"), rank: 5 });

    const status = new RecordingStatus(recordings, trans, {
      show: () => show("record"),
      stop: (session) => void stop(session),
    });
    statusBar?.registerStatusItem("jupyter-capture:status", {
      item: status,
      align: "left",
      rank: 3,
      isActive: () => settings.now.statusBar && recordings.all.length > 0,
      activeStateChanged: recordings.changed,
    });
    if (running) addRunning(running, recordings, trans, { show, stop });
    if (notebooks) takeDrops(notebooks, inserter);
  },
};

export default [sidebar];

/** Python that does again what was done by hand. The same text as widgets/_code.py makes. */

const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;

export function shotCode(
  collection: string,
  id: string,
  cut?: readonly [number, number],
): string {
  const get = id.startsWith("a-") ? "get_audio" : "get_video";
  const head = [
    "from jupyter_capture import connect, play_stream",
    "",
    `collection = connect().get_collection(${quoted(collection)})`,
  ];
  if (!cut) return [...head, `collection.${get}(${quoted(id)}).play()`, ""].join("\n");
  const [from, to] = cut;
  return [
    ...head,
    `recorded = collection.${get}(${quoted(id)})`,
    `play_stream(recorded.generate_stream(timeline=[(${from.toFixed(3)}, ${to.toFixed(3)})]))`,
    "",
  ].join("\n");
}

/** A timeline that is kept, in its editor; a new one without an id. */
export function timelineCode(id: string): string {
  const widget = "from jupyter_capture.widgets import TimelineEditor";
  if (!id) return [widget, "", "TimelineEditor()", ""].join("\n");
  return [
    "from jupyter_capture import connect",
    widget,
    "",
    `TimelineEditor(connect().get_timeline(${quoted(id)}))`,
    "",
  ].join("\n");
}

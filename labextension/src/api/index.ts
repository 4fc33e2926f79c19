/** The only transport: what the user interface asks for, whoever answers. */

export { type Api, type Card, type Chapter, pageApi } from "./player";
export {
  ApiError,
  type EngineEvent,
  type Method,
  type PanelApi,
  type Progress,
  isOfKind,
  kindOf,
} from "./panel";
export { type Closing, type PlayerTraits, widgetApi, widgetPanel } from "./widget";

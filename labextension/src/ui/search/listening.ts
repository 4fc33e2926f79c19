/** What was not listened to yet is listened to before it is searched. */

import type { PanelApi } from "../../api";
import { ApiError } from "../../api/panel";
import type { VideoPage } from "../../wire";
import { trans } from "../../words";

export class Listening {
  /** Recordings that were listened to or read, as far as this panel knows. */
  private readonly known = new Set<string>();

  /** `told` takes what is under way, in words. */
  constructor(
    private readonly api: Pick<PanelApi, "request">,
    private readonly told: (words: string) => void,
  ) {}

  /** All recordings of a collection, which takes a while the first time. */
  async all(collection: string, screen: boolean): Promise<void> {
    const path = `/video?collection_id=${encodeURIComponent(collection)}`;
    const { videos } = await this.api.request<VideoPage>("GET", path);
    for (const { id, channel_id } of videos) {
      // The raw channels of a recording are heard with it.
      if (channel_id || this.known.has(`${id} ${screen}`)) continue;
      try {
        await this.one(`/video/${id}`, screen);
      } catch (error) {
        // One without sound has nothing to be found; the others have.
        if (!(error instanceof ApiError) || error.status >= 500) throw error;
      }
      this.known.add(`${id} ${screen}`);
    }
  }

  async one(where: string, screen: boolean): Promise<void> {
    const path = screen ? `${where}/index/scene` : `${where}/index`;
    await this.api.request("POST", path, {}, ({ percentage }) => {
      const share = percentage.toFixed(0);
      this.told(
        screen
          ? trans.__("Reading its screen first, %1 %…", share)
          : trans.__("Listening to it first, %1 %…", share),
      );
    });
    this.told(trans.__("Searching…"));
  }
}

import { expect, it } from "vitest";
import { ApiError } from "../../api/panel";
import { refusal } from "./keeping";

const refused = (code: string, message = "") => refusal(new ApiError(message, 409, code), "Cut");

it("a timeline that was changed or deleted elsewhere is kept beside it, or anew", () => {
  expect(refused("CONFLICT")).toMatch(/“Cut” was changed elsewhere .* keep this one as another/);
  expect(refused("NOT_FOUND")).toMatch(/“Cut” was deleted .* keep it anew/);
});

it("else the engine's own words say why it is not kept", () => {
  expect(refused("INVALID_REQUEST", "The name is empty.")).toBe("The name is empty.");
});

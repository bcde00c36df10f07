// What the whole widget knows of a model; the list of them is in catalogue.ts.

export interface Choice {
  /** What is sent as `model`. */
  id: string;
  name: string;
}

/** The part of a slug that tells models apart, while their names are not known. */
export const nameOf = (id: string): string => (id === "openrouter/auto" ? "Auto Router" : (id.split("/").at(-1) ?? id));

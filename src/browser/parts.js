// Reads what the platform holds (files, blobs) into content parts. Which part it is, is the core's to say.

import { OpenRouterError } from "./error.js";

/** Over a core that is loaded on first use, as `openRouterClass`. */
export const contentPartOver =
  ({ loaded, load }) =>
  async (source, { type, name, detail, maxBytes } = {}) => {
    if (!loaded()) await load();
    try {
      const [, given, base64] = /^data:([^;,]*)[^,]*;base64,(.*)/is.exec(source) ?? [];
      const blob = base64 === undefined ? source : new Blob([bytesOf(base64)], { type: given });
      const isBlob = typeof blob?.arrayBuffer === "function";
      const url = isBlob ? "" : String(blob);
      name ??= isBlob ? (blob.name ?? "") : url.split(/[?#]/)[0].split("/").at(-1);
      const form = loaded().partForm(type ?? blob?.type ?? "", name, url, isBlob ? blob.size : undefined, maxBytes);
      if (form[0] === "{") throw new OpenRouterError(JSON.parse(form).error);
      const [kind, mediaType] = form.split(" ");
      const bytes = isBlob && new Uint8Array(await blob.arrayBuffer());
      if (kind === "text") {
        const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
        return { type: kind, text: (name && `${name}:\n\n`) + text };
      }
      const data = bytes && base64Of(bytes);
      const address = url || `data:${mediaType};base64,${data}`;
      if (kind === "image") return { type: "image_url", image_url: { url: address, detail } };
      if (kind === "video") return { type: "video_url", video_url: { url: address } };
      if (kind === "file") return { type: kind, file: { filename: name || undefined, file_data: address } };
      return { type: "input_audio", input_audio: { data, format: kind } };
    } catch (error) {
      if (error instanceof OpenRouterError) throw error;
      const message = "source: it cannot be read, or is neither of a type that the API takes nor UTF-8 text: convert it";
      throw new OpenRouterError({ code: "invalid_request", message, field: "source", retryable: false, cause: error });
    }
  };

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

const base64Of = (bytes) => {
  if (bytes.toBase64) return bytes.toBase64();
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
};

// Makes images as large as they are useful: models look at them at some 1,500 to 2,000 pixels, and what is more costs time
// and tokens. What the browser can read and the API does not take (AVIF, BMP, HEIC in Safari) becomes what it takes.

/** The longer side of what is sent, in pixels. */
const MOST_PIXELS = 2048;
/** Below this an image of a useful size stays as it is, in bytes. */
const SMALL = 2_000_000;
const QUALITY = 0.85;

const TAKEN = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/** The file, or an image in its place. A GIF may move, and stays as it is. */
export async function fitted(file: File, mostBytes: number): Promise<{ blob: Blob; isShrunk: boolean }> {
  const asIs = { blob: file, isShrunk: false };
  if (!file.type.startsWith("image/") || file.type === "image/gif") return asIs;
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => undefined);
  if (!bitmap) return asIs; // what it is, is the client's to say
  try {
    const scale = Math.min(1, MOST_PIXELS / Math.max(bitmap.width, bitmap.height));
    const isTaken = TAKEN.includes(file.type);
    if (scale === 1 && isTaken && file.size <= SMALL) return asIs;
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return asIs;
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const made = await encoded(canvas, file.type !== "image/jpeg" && isTransparent(context), mostBytes);
    // Compressed better than we can: a photograph that is only a little too large, or a drawing.
    if (!made || (scale === 1 && isTaken && made.size >= file.size)) return asIs;
    return { blob: made, isShrunk: true };
  } finally {
    bitmap.close();
  }
}

/** What can be seen through stays so, as PNG; the rest becomes WebP, or JPEG where the browser writes no WebP. */
async function encoded(canvas: HTMLCanvasElement, isSeenThrough: boolean, mostBytes: number): Promise<Blob | undefined> {
  for (const type of isSeenThrough ? ["image/png", "image/webp"] : ["image/webp", "image/jpeg"]) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, type, QUALITY));
    if (blob?.type === type && blob.size <= mostBytes) return blob;
  }
  return undefined;
}

function isTransparent(context: CanvasRenderingContext2D): boolean {
  const { data } = context.getImageData(0, 0, context.canvas.width, context.canvas.height);
  for (let at = 3; at < data.length; at += 4) if (data[at]! < 255) return true;
  return false;
}

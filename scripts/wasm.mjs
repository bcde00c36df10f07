// Reads wasm files: sections, functions with their names, data.
//
// Source: WebAssembly 3.0, § 5.5 (modules) and § 7.4.1 (the name section).

/** Ids of sections. */
const CUSTOM = 0;
const IMPORTS = 2;
const CODE = 10;
const DATA = 11;

/** In the name section: the part that names functions. */
const FUNCTION_NAMES = 1;

const HEADER = 8;

class Reader {
  constructor(bytes, position, end = bytes.length) {
    Object.assign(this, { bytes, position, end });
  }

  get isAtEnd() {
    return this.position >= this.end;
  }

  byte() {
    return this.bytes[this.position++];
  }

  /** A number (LEB128) that is not negative. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  text() {
    const length = this.number();
    this.position += length;
    return Buffer.from(this.bytes.subarray(this.position - length, this.position)).toString();
  }

  limits() {
    const hasMaximum = (this.number() & 1) === 1;
    this.number();
    if (hasMaximum) this.number();
  }

  /** Goes past what an import is; its kind, 0 for a function. */
  skipKind() {
    const kind = this.byte();
    if (kind === 0) this.number();
    else if (kind === 2) this.limits();
    else if (kind === 1) {
      this.byte();
      this.limits();
    } else this.position += 2; // a global or a tag
    return kind;
  }
}

/** Where each section is: `begin` with its head, `start` without; `name` of a custom one. */
export function sections(bytes) {
  const found = [];
  for (const reader = new Reader(bytes, HEADER); !reader.isAtEnd; ) {
    const begin = reader.position;
    const id = reader.byte();
    const length = reader.number();
    const start = reader.position;
    const name = id === CUSTOM ? reader.text() : undefined;
    found.push({ id, name, begin, start, end: start + length });
    reader.position = start + length;
  }
  return found;
}

function section(bytes, wanted) {
  const found = sections(bytes).find(({ id, name }) => (typeof wanted === "string" ? name === wanted : id === wanted));
  return new Reader(bytes, found?.start ?? bytes.length, found?.end);
}

/** The module's own functions in order: `{name, size}`, the size with the head of the body. Some have no name. */
export function functions(bytes) {
  const names = functionNames(bytes);
  const imported = countImportedFunctions(bytes);
  const reader = section(bytes, CODE);
  return Array.from({ length: reader.isAtEnd ? 0 : reader.number() }, (_, index) => {
    const begin = reader.position;
    const length = reader.number();
    reader.position += length;
    return { name: names.get(imported + index), size: reader.position - begin };
  });
}

/** Names by the numbers of functions, the imported ones first. */
export function functionNames(bytes) {
  const names = new Map();
  const reader = section(bytes, "name");
  if (!reader.isAtEnd) reader.text();
  while (!reader.isAtEnd) {
    const kind = reader.byte();
    const length = reader.number();
    const end = reader.position + length;
    for (let count = kind === FUNCTION_NAMES ? reader.number() : 0; count > 0; count--) names.set(reader.number(), reader.text());
    reader.position = end;
  }
  return names;
}

/** They are counted first where functions have numbers. */
function countImportedFunctions(bytes) {
  const reader = section(bytes, IMPORTS);
  let functions = 0;
  for (let count = reader.isAtEnd ? 0 : reader.number(); count > 0; count--) {
    reader.text();
    reader.text();
    if (reader.skipKind() === 0) functions++;
  }
  return functions;
}

/** Where the code is in the file, without its section's head. */
export function code(bytes) {
  const { position, end } = section(bytes, CODE);
  return bytes.subarray(position, end);
}

/** Where the active data segments are in memory (`start`) and in the file (`offset`). */
export function dataSegments(bytes) {
  const reader = section(bytes, DATA);
  const segments = [];
  for (let count = reader.isAtEnd ? 0 : reader.number(); count > 0; count--) {
    // 0, `i32.const` start, `end`: what LLVM writes for a module with one memory.
    if (reader.number() !== 0 || reader.byte() !== 0x41) return segments;
    const start = reader.number();
    reader.byte();
    const size = reader.number();
    segments.push({ start, size, offset: reader.position });
    reader.position += size;
  }
  return segments;
}

/** The same module without its names. */
export function withoutNames(bytes) {
  const kept = sections(bytes).filter(({ name }) => name !== "name");
  return Buffer.concat([bytes.subarray(0, HEADER), ...kept.map(({ begin, end }) => bytes.subarray(begin, end))]);
}

/** The same module with other names for what it imports: `rename` gives a pair of names for a pair. */
export function withImports(bytes, rename) {
  const found = sections(bytes).find(({ id }) => id === IMPORTS);
  const reader = new Reader(bytes, found.start, found.end);
  const count = reader.number();
  const parts = [written(count)];
  for (let left = count; left > 0; left--) {
    for (const name of rename(reader.text(), reader.text())) parts.push(written(Buffer.byteLength(name)), Buffer.from(name));
    const start = reader.position;
    reader.skipKind();
    parts.push(bytes.subarray(start, reader.position));
  }
  const body = Buffer.concat(parts);
  return Buffer.concat([bytes.subarray(0, found.begin), Buffer.from([IMPORTS]), written(body.length), body, bytes.subarray(found.end)]);
}

/** A number as LEB128. */
function written(number) {
  const out = [];
  for (; number >= 128; number = Math.floor(number / 128)) out.push((number & 127) | 128);
  return Buffer.from([...out, number]);
}
